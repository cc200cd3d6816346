import { admit } from './admit.ts'
import type { Arrival } from './arriving-stream.ts'
import type { CallNote } from '../call-note.ts'
import { CallLog, type KeptCall } from './call-log.ts'
import { orAborted } from '../wait/or-aborted.ts'
import { type Deadline, deadlineIn, deadlineWithGrace, withDeadline } from '../wait/deadline.ts'
import { endWith } from '../stream/end-with.ts'
import { Ends } from './ends.ts'
import { GliaError, toGliaError } from '../errors.ts'
import { Heads } from '../heads.ts'
import { type Exit, type ExitReason, exitText } from './exit.ts'
import type { ActorSpec } from './actor.ts'
import { Meter } from '../figures/meter.ts'
import { Life, type ProcObserver, type ProcState, type Status } from './life.ts'
import { type Applicant, type Line, Mailbox } from './mailbox.ts'
import { isAcceptedExit, MessageRun } from './message-run.ts'
import type { Pid } from '../pid.ts'
import type { Policy } from './policy.ts'
import type { Restart } from './restart.ts'
import { RunTimes } from './run-times.ts'
import { senderOf } from './sender-of.ts'
import type { Stream } from '../stream/stream.ts'
import { Suspects } from './suspects.ts'

export interface ProcInit extends ActorSpec {
  pid: Pid
  name: string
  policy: Policy
  restart: Restart
  observer: ProcObserver
  /** Why it is dead already, as kept. */
  dead?: string | undefined
  /** The ends so far, as kept. */
  exits?: readonly Exit[] | undefined
  /** Shortens the texts of an end. Left out: they are short. */
  shorten?(exit: Exit): Exit
  /** What keeps the memory of its instances. Left out: nothing does. */
  memory?: KeptMemory | undefined
  /** What counts and records its calls. Left out: its own. */
  meter?: Meter | undefined
  calls?: CallLog | undefined
}

/** Keeps what messages leave in the memory of an instance, for the next one. */
export interface KeptMemory {
  /** Whether it is kept, now or soon. */
  readonly keeps: boolean
  /** Whether all of it is kept by now. */
  readonly isStored: boolean
}

interface Swapping {
  /** Passes the first exit signal that came meanwhile on to the old instance, which goes on if the swap fails. */
  signal: (() => void) | undefined
}

/** Time that a running message has to end by itself when its process is restarted, in ms. */
const RESTART_GRACE_MS = 250

/** Turns of the microtask queue within which bytes are read that have arrived already. */
const AT_HAND_TURNS = 8

/** A process: a module under a PID, with a mailbox and a policy. It starts with its first message. */
export class Proc {
  readonly pid: Pid
  readonly name: string
  /** Messages handled, failed ones included. */
  messages = 0
  /** Counts its calls. The router does so, and the messages that run count their bytes. */
  readonly meter: Meter
  /** Who called, when, what, and how it ended. */
  calls: CallLog
  /** Whether it has an instance for each key. */
  readonly hasKeys: boolean = false
  /** Its last ends, and those who watch it from elsewhere. */
  readonly ends: Ends

  #policy: Policy
  readonly #restart: Restart
  readonly #observer: ProcObserver
  readonly #mailbox: Mailbox
  readonly #life: Life
  readonly #times = new RunTimes()
  readonly #memory: KeptMemory | undefined
  /** The message with the turn. */
  #run: MessageRun | undefined
  readonly #suspects = new Suspects()
  /** The swap with the turn. */
  #swapping: Swapping | undefined

  constructor({
    pid,
    name,
    methods,
    policy,
    restart,
    load,
    enter,
    start,
    observer: given,
    dead,
    exits,
    shorten,
    memory,
    meter = new Meter(),
    calls = new CallLog(),
  }: ProcInit) {
    this.meter = meter
    this.calls = calls
    this.ends = new Ends(exits)
    const observer: ProcObserver = {
      ...given,
      exited: (exit, counts) => given.exited(this.ends.add(shorten?.(exit) ?? exit), counts),
    }
    this.pid = pid
    this.name = name
    this.#policy = policy
    this.#memory = memory
    this.#restart = restart
    this.#observer = observer
    this.#mailbox = new Mailbox(policy.mailbox, () => this.#run?.look())
    const died = (error: GliaError): void => {
      this.#mailbox.refuseWaiting(error)
      this.#run?.died(error)
    }
    this.#life = new Life({ spec: { methods, load, enter, start }, restart, observer, dead, died })
  }

  get policy(): Policy {
    return this.#policy
  }

  /**
   * Counts from now on, also for waiting messages. A running message keeps its deadline and its limits. A waiting
   * message keeps the longest wait with which it came; the new deadline counts for its run.
   */
  set policy(policy: Policy) {
    this.#policy = policy
    this.#mailbox.capacity = policy.mailbox
  }

  get methods(): readonly string[] {
    return this.#life.methods
  }

  get status(): Status {
    return this.#life.status
  }

  get state(): ProcState {
    return this.status.state
  }

  /** Why the process is dead, as a sentence; undefined while it lives. */
  get death(): string | undefined {
    return this.status.state === 'dead' ? this.status.error.message : undefined
  }

  /** When the backoff is over, in ms since the epoch. */
  get backoffUntil(): number | undefined {
    return this.status.state === 'backoff' ? this.status.until : undefined
  }

  /** Whether it has a worker. */
  get isLive(): boolean {
    return this.#life.isLive
  }

  /** The message that runs, or has just ended its instance. */
  get running(): Stream | undefined {
    return this.#run?.stream
  }

  /** Messages waiting for their turn. */
  get waiting(): number {
    return this.#mailbox.waiting
  }

  /** Who waits for a turn. */
  get line(): Line {
    return this.#mailbox.line
  }

  /** The call with the turn; undefined if nobody has it, or an act of the owner. */
  get holder(): KeptCall | undefined {
    return this.#run?.call
  }

  /** Whether the program waits for more of its message, as far as is known. */
  get awaitsInput(): boolean {
    return this.#life.awaitsInput
  }

  get memoryBytes(): number | undefined {
    return this.#life.memoryBytes
  }

  /** Median run time of the last calls that succeeded, in ms. */
  get p50Ms(): number | undefined {
    return this.#times.median
  }

  /**
   * Since when it has been idle, on the clock of `performance.now()`, if its instance is safe to evict: that ends no
   * message, and loses nothing that messages left in its memory, unless its policy allows that.
   */
  get evictableSince(): number | undefined {
    const { status } = this
    const memory = this.#memory?.keeps === true ? this.#memory : undefined
    const isSafe = !this.#life.isUsed || (memory ? memory.isStored : this.policy.evict)
    return status.state === 'idle' && this.#mailbox.free && isSafe ? status.since : undefined
  }

  /** Whether its instance is safe to evict once it is idle, and what it has in memory is kept if it is to be. */
  get mayGiveWay(): boolean {
    return this.policy.evict || !this.#life.isUsed || this.#memory?.keeps === true
  }

  /**
   * Checks whether the process accepts a call, before anything is waited for. A refused call is recorded.
   * @throws {GliaError} ERR_NO_METHOD, ERR_DENIED, ERR_MESSAGE_TOO_LARGE, ERR_PROC_STOPPED.
   */
  admit(stream: Stream): void {
    try {
      this.#life.throwIfDead()
      admit(stream, this)
    } catch (thrown) {
      throw this.refused(stream, thrown)
    }
  }

  /** Records a call that ends before it could have a turn. @returns why, for its caller. */
  protected refused(stream: Stream, thrown: unknown): GliaError {
    const error = toGliaError(thrown)
    this.calls.refused(stream, error.code)
    this.#observer.failed(error)
    return error
  }

  /**
   * Runs one message: waits for its turn, starts the process if it is cold, and ends the stream with the end of the
   * reply. A caller that aborts the stream leaves the queue. If its message runs already, the guest's reads and writes
   * fail.
   * @param arrival How far the message has come, if that may take long. Left out: it is there, or its sender is
   * trusted.
   * @param note Gets what the process knows of the call. Left out: nobody records it.
   * @throws {GliaError} ERR_NO_METHOD, ERR_DENIED, ERR_MESSAGE_TOO_LARGE, ERR_REPLY_TOO_LARGE, ERR_MAILBOX_FULL,
   * ERR_DEADLINE, ERR_PROC_STOPPED, the failure of the actor, or the reason of the caller's abort.
   */
  async deliver(stream: Stream, arrival?: Arrival, note?: CallNote): Promise<void> {
    this.admit(stream)
    // A call that has passed the door came some time ago.
    const call = this.calls.begin(stream, note, arrival ? undefined : note)
    if (note && this.policy.keepHeads) note.heads = new Heads()
    let isTold = false
    const tell = (thrown: unknown): GliaError => {
      const error = toGliaError(thrown)
      if (!isTold) this.#observer.failed(error)
      isTold = true
      return error
    }
    try {
      const turn = this.#tryTurn(stream, arrival)
      const endTurn = turn ?? (await this.#waitForTurn(stream, call, arrival))
      arrival?.turnCame()
      this.calls.handle(call, !turn)
      let isStored = false
      try {
        // While the message waited, the module may have been swapped or the policy changed.
        admit(stream, this)
        await this.#handle(stream, call, tell).catch((thrown: unknown) => this.#acceptExit(thrown, stream))
        isStored = this.#isStoredFirst
        if (isStored) await this.#whenStored()
        this.calls.end(call, 'ok')
        // Not awaited: a transport may take any time to tell the other side, or never do it.
        stream.close().catch((thrown: unknown) => stream.abort(toGliaError(thrown)))
      } finally {
        this.messages += 1
        const keeping = this.#life.isUsed && !isStored ? this.#observer.ran?.() : undefined
        if (keeping) void keeping.then(() => this.#life.endTurn(endTurn))
        else this.#life.endTurn(endTurn)
      }
    } catch (thrown) {
      const error = tell(thrown)
      this.calls.end(call, error.code)
      throw error
    }
  }

  /**
   * Makes the actor now instead of with the first message, so that a module that cannot start fails at once.
   * @throws {GliaError} the failure of the start; the reason of the signal.
   */
  async warmUp(signal?: AbortSignal): Promise<void> {
    this.#life.throwIfDead()
    const entered = this.#mailbox.enter(this.#life.killed, undefined, this.policy.deadlineMs)
    await this.#inTurn(entered, () => this.#start(signal))
  }

  /**
   * Puts another program in the place of this one, after the message that runs and before those that wait. The old
   * instance lives until the new one has started. If that fails, the old one goes on, or the process is dead as before.
   * @throws {GliaError} the failure of the start; ERR_PROC_STOPPED if the process was killed before; the reason of the
   * signal.
   */
  async swap(spec: ActorSpec, signal?: AbortSignal): Promise<void> {
    await this.#inTurn(this.#nextTurn(signal), async () => {
      const swapping: Swapping = { signal: undefined }
      this.#swapping = swapping
      try {
        await this.#life.loadNext(spec, signal)
        await withDeadline(this.#startDeadline(), (late) => this.#life.replace(spec, anyOf(late, signal)))
        // Signals to the old instance end with it.
        swapping.signal = undefined
      } finally {
        this.#swapping = undefined
        swapping.signal?.()
      }
    })
  }

  /**
   * Ends the instance, between two messages and before any that waits. The next message starts a fresh one of the given
   * program. A dead process lives again.
   * @throws {GliaError} ERR_PROC_STOPPED if the process was killed before.
   */
  async renew(spec?: ActorSpec): Promise<void> {
    await this.#inTurn(this.#nextTurn(), () => this.#life.renew(spec))
  }

  /**
   * Ends the instance and starts a fresh one, before any message that waits. A dead process lives again. A running
   * message has a moment to end by itself. Then it is told to end, and after another moment it is ended with the
   * instance.
   * @throws like {@link swap}.
   */
  async restart(signal?: AbortSignal): Promise<void> {
    const taken = this.#nextTurn(signal)
    const error = new GliaError('ERR_PROC_STOPPED', 'Its owner restarted the process while it handled this message.')
    const callOff = deadlineWithGrace(
      RESTART_GRACE_MS,
      () => this.#run?.stream.abort(error),
      () => this.#run?.stop(error),
    )
    await this.#inTurn(taken.finally(callOff), async () => {
      await this.#life.renew()
      this.#observer.note('Restarted by hand.')
      await this.#start(signal)
    })
  }

  /**
   * Does something between two messages, before any that waits.
   * @throws the failure of the work; ERR_PROC_STOPPED if the process is dead by then; the reason of the signal, if its
   * turn had not come.
   */
  async pause(work: () => Promise<void>, signal?: AbortSignal): Promise<void> {
    await this.#inTurn(this.#nextTurn(signal), async () => {
      this.#life.throwIfDead()
      await work()
    })
  }

  /**
   * In a {@link pause}: ends the worker, if that loses nothing that messages left in memory. The next message starts
   * another one.
   * @param isKept Whether the next instance goes on from what is in memory.
   * @returns whether it did.
   */
  leaveWorker(isKept: boolean): boolean {
    if (this.#life.isUsed && !isKept) return false
    this.#life.stop()
    return true
  }

  /** Does something between two messages, if none runs now. It must not reject. @returns whether it does. */
  tryPause(work: () => Promise<void>): boolean {
    const endTurn = this.#mailbox.tryEnter()
    if (!endTurn) return false
    void work().then(() => this.#life.endTurn(endTurn))
    return true
  }

  /**
   * Ends the instance if that is safe ({@link evictableSince}). The next message starts a fresh one.
   * @param note Why, for the log.
   */
  evict(note = 'Stopped while it was idle, to make room for another process.'): void {
    if (this.evictableSince === undefined) return
    const isKept = this.#life.isUsed && this.#memory?.isStored === true
    this.#observer.note(isKept ? `${note} What it has in memory is kept.` : note)
    if (isKept) this.#life.hibernate()
    else this.#life.stop()
    this.#life.rest()
  }

  /**
   * Ends the instance because of something outside, like an exit signal in OTP. The process comes back by its restart
   * type. Without an instance there is nothing to end. An instance that a swap is about to replace ends if the swap
   * fails.
   */
  signal(reason: ExitReason, counts: boolean): void {
    if (!this.#life.hasInstance) return
    if (this.#swapping) {
      this.#swapping.signal ??= () => this.signal(reason, counts)
      return
    }
    const endTurn = this.#mailbox.tryEnter()
    this.#run?.stream.abort(new GliaError('ERR_PROC_STOPPED', `The process was ended: ${exitText(reason)}.`))
    this.#life.end(reason, { counts })
    // A message with the turn ends it itself.
    if (endTurn) this.#life.endTurn(endTurn)
  }

  /** Ends the process for good. Waiting and running messages fail with the reason. */
  kill(error = new GliaError('ERR_PROC_STOPPED', 'The process was killed.')): void {
    if (this.#life.killed.aborted) return
    const exit: Exit = { at: Date.now(), reason: { type: 'killed', message: error.message }, final: true }
    if (this.#life.kill(error)) this.#observer.exited(exit, false)
    // It was dead: that is no further end of it, but those who wait for its return have to know.
    else this.ends.add(exit)
  }

  /** Like kill, without telling of an end: the peer stops, and the process comes back with its next start. */
  close(error: GliaError): void {
    this.#life.kill(error)
  }

  /** Whether a reply ends after what its message left in memory is stored. */
  get #isStoredFirst(): boolean {
    const { memory, durable, sync } = this.policy
    if (memory !== 'durable' || !this.#life.isUsed) return false
    return durable === 'before-reply' || (sync === 'durable' && this.#life.hasSynced)
  }

  /** @throws {GliaError} ERR_STORAGE, or the reason of a kill, after which nothing is stored. */
  async #whenStored(): Promise<void> {
    const storing = this.#observer.ranToBeStored?.()
    if (storing) await orAborted(storing, this.#life.killed)
  }

  #tryTurn(stream: Stream, arrival: Arrival | undefined): (() => void) | undefined {
    return this.#mailbox.tryEnter(arrival && this.#applicantOf(stream, arrival))
  }

  async #waitForTurn(stream: Stream, call: KeptCall, arrival: Arrival | undefined): Promise<() => void> {
    arrival?.readAhead(() => this.#mailbox.look())
    // oxlint-disable-next-line no-await-in-loop -- a small message that is at hand is whole then
    for (let i = 0; arrival && i < AT_HAND_TURNS; i++) await Promise.resolve()
    const applicant = this.#applicantOf(stream, arrival, call)
    const turn = this.#mailbox.enter(stream.signal, applicant, this.policy.deadlineMs)
    this.#observer.changed()
    return turn
  }

  /**
   * The next turn, for an act of the owner: before all waiting messages, and without the rest of a backoff. @throws the
   * reason of the signal.
   */
  async #nextTurn(given?: AbortSignal): Promise<() => void> {
    const signal = anyOf(this.#life.killed, given)
    // Given up already, so the backoff goes on.
    signal.throwIfAborted()
    const entered = this.#mailbox.enterFirst(signal)
    this.#life.endBackoff()
    return entered
  }

  async #inTurn(entered: Promise<() => void>, work: () => Promise<void>): Promise<void> {
    const endTurn = await entered
    try {
      await work()
    } finally {
      this.#life.endTurn(endTurn)
    }
  }

  /** @param tell Called with the failure before its consequences are told. */
  async #handle(stream: Stream, call: KeptCall, tell: (thrown: unknown) => GliaError): Promise<void> {
    const run = new MessageRun(stream, call, {
      proc: this,
      restart: this.#restart,
      life: this.#life,
      mailbox: this.#mailbox,
      suspects: this.#suspects,
      observer: this.#observer,
      tell,
      over: () => (this.#run = undefined),
    })
    this.#run = run
    this.#times.add(await run.run())
  }

  /** The applicant for a message's turn, and how much of the message is there. */
  #applicantOf(stream: Stream, arrival: Arrival | undefined, call?: KeptCall): Applicant {
    const sender = senderOf(stream)
    const suspects = this.#suspects
    return {
      ...sender,
      call,
      get arrived() {
        // Its sender kept the process waiting just now, so it goes when nothing else waits.
        return suspects.has(sender) ? 'begun' : (arrival?.arrived ?? 'whole')
      },
    }
  }

  /** An exit that the policy accepts ends the reply, and the caller gets the code. @throws all other failures. */
  #acceptExit(thrown: unknown, stream: Stream): void {
    if (!isAcceptedExit(thrown, this.policy)) throw thrown
    const { code, message, exitCode, cause } = toGliaError(thrown)
    endWith(stream, new GliaError(code, message, { cause, exitCode, accepted: true }))
  }

  async #start(signal: AbortSignal | undefined): Promise<void> {
    this.#life.prepare()
    if (this.#life.isLive) return
    const cause = { counts: true }
    const loading = this.#life.load(signal, cause)
    if (loading) await loading
    const deadline = this.#startDeadline()
    await withDeadline(deadline, (late) => this.#life.start(anyOf(late, signal), deadline.late, cause))
  }

  #startDeadline(): Deadline {
    return deadlineIn(this.policy.deadlineMs, (time) => `It did not start within ${time}.`)
  }
}

function anyOf(signal: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other ? AbortSignal.any([signal, other]) : signal
}
