import { admit } from './admit.ts'
import type { Arrival } from '../stream/arriving-stream.ts'
import { CallLog, type KeptCall } from './call-log.ts'
import { type Deadline, deadlineIn, deadlineWithGrace, withDeadline } from '../wait/deadline.ts'
import { endWith } from '../stream/end-with.ts'
import { GliaError, toGliaError } from '../errors.ts'
import { type ExitReason, exitText } from './exit.ts'
import type { Program } from './incarnation.ts'
import { Life, type ProcObserver, type ProcState } from './life.ts'
import type { Applicant } from './mailbox.ts'
import { isAcceptedExit, MessageRun } from './message-run.ts'
import type { Pid } from '../pid.ts'
import type { Policy } from './policy.ts'
import type { Restart } from './restart.ts'
import { RunTimes } from './run-times.ts'
import { senderOf } from './sender-of.ts'
import type { Stream } from '../stream/stream.ts'
import { Suspects } from './suspects.ts'
import { type Turn, Turns } from './turns.ts'

export interface ProcInit extends Program {
  pid: Pid
  name: string
  policy: Policy
  restart: Restart
  observer: ProcObserver
  /** It is dead already, as it was kept: why. */
  dead?: string | undefined
  /** It was dead, and why: it is again if the first thing that is done to it is a swap that fails. */
  revived?: string | undefined
}

interface Swapping {
  /** Gives the old instance, which goes on if the swap fails, the first exit signal that has come meanwhile. */
  signal: (() => void) | undefined
}

/** Time that a message has to end by itself when its process is restarted, in ms. */
const RESTART_GRACE_MS = 250

/** Turns of the microtask queue within which bytes are read that are there already. */
const AT_HAND_TURNS = 8

/** A process: a module under a PID, with a mailbox and a policy. It starts with its first message. */
export class Proc {
  readonly pid: Pid
  readonly name: string
  /** Messages handled, failed ones included. */
  messages = 0
  /** Who called, when, what, and how it ended. */
  calls = new CallLog()

  #policy: Policy
  readonly #restart: Restart
  readonly #observer: ProcObserver
  readonly #turns: Turns
  readonly #life: Life
  readonly #times = new RunTimes()
  /** That of the message which has the turn. */
  #run: MessageRun | undefined
  readonly #suspects = new Suspects()
  #revived: string | undefined
  /** The swap that has the turn. */
  #swapping: Swapping | undefined

  constructor({ pid, name, methods, policy, restart, load, enter, start, observer, dead, revived }: ProcInit) {
    this.pid = pid
    this.name = name
    this.#policy = policy
    this.#restart = restart
    this.#observer = observer
    this.#revived = revived
    this.#turns = new Turns(policy, () => this.#run?.look())
    this.#life = new Life({ methods, load, enter, start }, restart, observer)
    const { killed } = this.#life
    killed.addEventListener('abort', () => this.#turns.close(toGliaError(killed.reason)), { once: true })
    if (dead !== undefined) this.#life.die(new GliaError('ERR_PROC_STOPPED', dead))
  }

  get policy(): Policy {
    return this.#policy
  }

  /**
   * From now on, for the messages that wait too. One that runs goes on with the deadline and the limits that it had. One that waits
   * already keeps the longest wait that it came with; the new deadline counts for its run.
   */
  set policy(policy: Policy) {
    this.#policy = policy
    this.#turns.limit(policy)
  }

  get methods(): readonly string[] {
    return this.#life.incarnation.methods
  }

  get state(): ProcState {
    return this.#life.state
  }

  /** Once it is dead: why, as a sentence. */
  get death(): string | undefined {
    const { killed } = this.#life
    return killed.aborted ? toGliaError(killed.reason).message : undefined
  }

  /** Whether it has a worker. */
  get isLive(): boolean {
    return this.#life.incarnation.isLive
  }

  /** The message that runs, or has ended its instance just now. */
  get running(): Stream | undefined {
    return this.#run?.stream
  }

  /** Messages waiting for their turn. */
  get waiting(): number {
    return this.#turns.waiting
  }

  get memoryBytes(): number | undefined {
    return this.#life.incarnation.memoryBytes
  }

  /** Median run time of the last calls that succeeded, in ms. */
  get p50Ms(): number | undefined {
    return this.#times.median
  }

  /** In backoff: when it is over, in ms since the epoch. */
  get backoffUntil(): number | undefined {
    return this.#turns.pausedUntil
  }

  /**
   * Since when it has had nothing to do, on the clock of `performance.now()`, if its instance is safe to evict (DESIGN 6):
   * that ends no message, and loses nothing of its memory that messages have left there, unless its policy allows that.
   */
  get evictableSince(): number | undefined {
    const { isLive } = this.#life.incarnation
    const isSafe = isLive && this.#turns.free && this.mayGiveWay
    return isSafe ? this.#life.restingSince : undefined
  }

  /** Whether its instance is safe to evict as soon as it has nothing to do. */
  get mayGiveWay(): boolean {
    return this.policy.evict || !this.#life.incarnation.isUsed
  }

  /**
   * Looks whether it takes a call, before anything of that is waited for. A call that it does not take is recorded.
   * @throws {GliaError} ERR_NO_METHOD, ERR_DENIED, ERR_MESSAGE_TOO_LARGE, ERR_PROC_STOPPED.
   */
  admit(stream: Stream): void {
    try {
      this.#life.killed.throwIfAborted()
      admit(stream, this)
    } catch (thrown) {
      const error = toGliaError(thrown)
      this.calls.refused(stream, error.code)
      this.#observer.failed(error)
      throw error
    }
  }

  /**
   * Runs one message: waits for its turn, starts the process if it is cold, and ends the stream with the reply's end. A
   * caller that aborts the stream leaves the queue; if its message runs already, the guest's reads and writes fail.
   * @param arrival How far the message has come, where that may take long. Left out: it is there, or its sender is trusted.
   * @throws {GliaError} ERR_NO_METHOD, ERR_DENIED, ERR_MESSAGE_TOO_LARGE, ERR_REPLY_TOO_LARGE, ERR_MAILBOX_FULL,
   * ERR_DEADLINE, ERR_PROC_STOPPED, what the actor throws, or the reason of the caller's abort.
   */
  async deliver(stream: Stream, arrival?: Arrival): Promise<void> {
    this.admit(stream)
    const call = this.calls.begin(stream)
    let isTold = false
    const tell = (thrown: unknown): GliaError => {
      const error = toGliaError(thrown)
      if (!isTold) this.#observer.failed(error)
      isTold = true
      return error
    }
    try {
      const turn = this.#tryTurn(stream, arrival) ?? (await this.#waitForTurn(stream, arrival))
      arrival?.turnCame()
      this.calls.handle(call)
      try {
        // While the message waited, the module may have been swapped or the policy changed.
        admit(stream, this)
        await this.#handle(stream, call, tell).catch((thrown: unknown) => this.#acceptExit(thrown, stream))
        this.calls.end(call, 'ok')
        // Nobody waits for it: a transport may take as long as it likes to tell the other side, or never do it.
        stream.close().catch((thrown: unknown) => stream.abort(toGliaError(thrown)))
      } finally {
        this.messages += 1
        this.#end(turn)
      }
    } catch (thrown) {
      const error = tell(thrown)
      this.calls.end(call, error.code)
      throw error
    }
  }

  /**
   * Makes the actor now instead of with the first message, so that a module which cannot start says so at once.
   * @throws {GliaError} what the start failed with; the signal's reason.
   */
  async warmUp(signal?: AbortSignal): Promise<void> {
    await this.#inTurn(this.#turns.take(this.#life.killed), () => this.#start(signal))
  }

  /**
   * Puts another program in the place of this one, when the message that runs has ended and before any that waits. The old
   * instance lives until the new one has started; if that fails, it goes on, or is dead as it was before.
   * @throws {GliaError} what the start failed with; ERR_PROC_STOPPED if the process ended before; the signal's reason.
   */
  async swap(program: Program, signal?: AbortSignal): Promise<void> {
    await this.#inTurn(this.#turns.takeFirst(anyOf(this.#life.killed, signal)), async () => {
      const swapping: Swapping = { signal: undefined }
      this.#swapping = swapping
      try {
        await this.#life.loadNext(program, anyOf(this.#life.killed, signal))
        await withDeadline(this.#startDeadline(), (late) => this.#life.replace(program, anyOf(late, signal)))
        // What was signalled to the old instance is over with it.
        swapping.signal = undefined
        this.#revived = undefined
      } catch (thrown) {
        // Before the turn goes on: those that wait are not for the old program, which nobody has brought back.
        if (this.#revived !== undefined) this.close(new GliaError('ERR_PROC_STOPPED', this.#revived))
        throw thrown
      } finally {
        this.#swapping = undefined
        swapping.signal?.()
      }
    })
  }

  /**
   * Ends the instance and starts a fresh one, before any message that waits. A message that runs has a moment to end by itself;
   * then it is told to, and after another moment it is ended with the instance.
   * @throws as {@link swap}.
   */
  async restart(signal?: AbortSignal): Promise<void> {
    const taken = this.#turns.takeFirst(anyOf(this.#life.killed, signal))
    const error = new GliaError('ERR_PROC_STOPPED', 'Its owner restarted the process while it handled this message.')
    const callOff = deadlineWithGrace(
      RESTART_GRACE_MS,
      () => this.#run?.stream.abort(error),
      () => this.#run?.stop(error),
    )
    await this.#inTurn(taken.finally(callOff), async () => {
      this.#revived = undefined
      this.#life.renew()
      this.#observer.note('Restarted by hand.')
      await this.#start(signal)
    })
  }

  /**
   * Does something between two messages, before any that waits.
   * @throws what that does; ERR_PROC_STOPPED if the process ended before; the signal's reason, if its turn had not come.
   */
  async pause(work: () => Promise<void>, signal?: AbortSignal): Promise<void> {
    await this.#inTurn(this.#turns.takeFirst(anyOf(this.#life.killed, signal)), work)
  }

  /** Ends the instance if that is safe ({@link evictableSince}); the next message starts a fresh one. */
  evict(): void {
    if (this.evictableSince === undefined) return
    this.#observer.note('Stopped while it was idle, to make room for another process.')
    this.#life.incarnation.stop()
    this.#life.rest()
  }

  /**
   * Ends the instance because of something outside, as an exit signal in OTP; the process comes back by its restart type.
   * Without an instance there is nothing to end. One that a swap is about to replace ends if the swap fails.
   */
  signal(reason: ExitReason, counts: boolean): void {
    const { isLive, exited } = this.#life.incarnation
    if (!isLive || exited) return
    if (this.#swapping) {
      this.#swapping.signal ??= () => this.signal(reason, counts)
      return
    }
    const turn = this.#turns.tryTake()
    this.#run?.stream.abort(new GliaError('ERR_PROC_STOPPED', `The process was ended: ${exitText(reason)}.`))
    this.#life.end(reason, { counts })
    // A message that has the turn ends it itself.
    if (turn) this.#end(turn)
  }

  /** Ends the process for good. Waiting and running messages fail with the reason. */
  kill(error = new GliaError('ERR_PROC_STOPPED', 'The process was killed.')): void {
    if (this.state === 'dead') return
    this.close(error)
    this.#observer.exited({ at: Date.now(), reason: { type: 'killed', message: error.message }, final: true }, false)
  }

  /** As kill, without telling of an end: something else goes on in its place. */
  close(error: GliaError): void {
    this.#life.die(error)
  }

  #tryTurn(stream: Stream, arrival: Arrival | undefined): Turn | undefined {
    return this.#turns.tryTake(arrival && this.#applicantOf(stream, arrival))
  }

  async #waitForTurn(stream: Stream, arrival: Arrival | undefined): Promise<Turn> {
    arrival?.readAhead(() => this.#turns.look())
    // oxlint-disable-next-line no-await-in-loop -- a small message that is at hand is whole then
    for (let i = 0; arrival && i < AT_HAND_TURNS; i++) await Promise.resolve()
    const turn = this.#turns.take(stream.signal, this.#applicantOf(stream, arrival))
    this.#observer.changed()
    return turn
  }

  async #inTurn(taken: Promise<Turn>, work: () => Promise<void>): Promise<void> {
    const turn = await taken
    try {
      await work()
    } finally {
      this.#end(turn)
    }
  }

  /** @param tell Told of what failed before anything that follows of it. */
  async #handle(stream: Stream, call: KeptCall, tell: (thrown: unknown) => GliaError): Promise<void> {
    const run = new MessageRun(stream, call, {
      proc: this,
      restart: this.#restart,
      life: this.#life,
      turns: this.#turns,
      suspects: this.#suspects,
      observer: this.#observer,
      tell,
      over: () => (this.#run = undefined),
    })
    this.#run = run
    this.#times.add(await run.run())
  }

  /** Who wants a turn with a message, and how much of that is there. */
  #applicantOf(stream: Stream, arrival: Arrival | undefined): Applicant {
    const sender = senderOf(stream)
    const suspects = this.#suspects
    return {
      ...sender,
      get arrived() {
        // Its sender kept the process waiting just now: it goes when nothing else waits.
        return suspects.has(sender) ? 'begun' : (arrival?.arrived ?? 'whole')
      },
    }
  }

  /** An exit that the policy has for no failure ends the reply; the caller is told the code. @throws all other failures. */
  #acceptExit(thrown: unknown, stream: Stream): void {
    if (!isAcceptedExit(thrown, this.policy)) throw thrown
    const { code, message, exitCode, cause } = toGliaError(thrown)
    endWith(stream, new GliaError(code, message, { cause, exitCode, accepted: true }))
  }

  async #start(signal: AbortSignal | undefined): Promise<void> {
    if (this.#life.incarnation.isLive) return
    const cause = { counts: true }
    const loading = this.#life.load(anyOf(this.#life.killed, signal), cause)
    if (loading) await loading
    const deadline = this.#startDeadline()
    await withDeadline(deadline, (late) => this.#life.start(anyOf(late, signal), deadline.late, cause))
  }

  #startDeadline(): Deadline {
    return deadlineIn(this.policy.deadlineMs, (time) => `It did not start within ${time}.`)
  }

  /** After a message, or what the owner did: the next one has its turn, at once or after a backoff. */
  #end(turn: Turn): void {
    const waitMs = this.#life.takeWait()
    if (waitMs > 0) {
      turn.endAfter(waitMs, () => this.#life.rest())
      this.#life.state = 'backoff'
    } else {
      this.#life.rest()
      turn.end()
    }
  }
}

function anyOf(signal: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other ? AbortSignal.any([signal, other]) : signal
}
