import type { Actor, ActorFactory, Message } from './actor.ts'
import { GliaError, toGliaError } from './errors.ts'
import { Mailbox } from './mailbox.ts'
import type { Pid } from './pid.ts'
import { mayCall, type Policy } from './policy.ts'
import type { Stream } from './stream.ts'

/** States of DESIGN 6 that a process can be in. */
export type ProcState = 'cold' | 'starting' | 'idle' | 'busy' | 'dead'

/**
 * When a process whose instance ended comes back, as in OTP: always, after an abnormal end only, or never. Coming back
 * means cold: its next message starts it.
 */
export type Restart = 'permanent' | 'transient' | 'temporary'

/** What a process tells its owner. */
export interface ProcObserver {
  /** State, counters or memory changed. */
  changed(): void
  /** It has ended by itself and its restart policy says that it does not come back. */
  ended(): void
  /** A line for the process's log. */
  note(line: string): void
  /** A message failed. */
  failed(error: GliaError): void
}

export interface ProcInit {
  pid: Pid
  name: string
  methods: readonly string[]
  policy: Policy
  restart: Restart
  start: ActorFactory
  observer: ProcObserver
}

/** Time a guest has after its deadline to notice that its reads and writes fail, before its worker is ended, in ms. */
const GRACE_MS = 250
/** Calls that the median is taken over. */
const TIMED_CALLS = 64

/** A process: a module under a PID, with a mailbox and a policy. It starts with its first message. */
export class Proc {
  readonly pid: Pid
  readonly name: string
  readonly methods: readonly string[]
  readonly policy: Policy
  /** Messages handled, failed ones included. */
  messages = 0

  readonly #restart: Restart
  readonly #start: ActorFactory
  readonly #observer: ProcObserver
  readonly #mailbox: Mailbox
  readonly #killed = new AbortController()
  readonly #times: number[] = []
  #state: ProcState = 'cold'
  #actor: Actor | undefined

  constructor({ pid, name, methods, policy, restart, start, observer }: ProcInit) {
    this.pid = pid
    this.name = name
    this.methods = methods
    this.policy = policy
    this.#restart = restart
    this.#start = start
    this.#observer = observer
    this.#mailbox = new Mailbox(policy.mailbox)
  }

  get state(): ProcState {
    return this.#state
  }

  /** Messages waiting for their turn. */
  get waiting(): number {
    return this.#mailbox.waiting
  }

  get memoryBytes(): number | undefined {
    return this.#actor?.memoryBytes
  }

  /** Median run time of the last calls that succeeded, in ms. */
  get p50Ms(): number | undefined {
    return [...this.#times].sort((a, b) => a - b)[this.#times.length >> 1]
  }

  /**
   * Runs one message: waits for its turn, starts the process if it is cold, and ends the stream with the reply's end. A
   * caller that aborts the stream leaves the queue; if its message runs already, the guest's reads and writes fail.
   * @throws {GliaError} ERR_NO_METHOD, ERR_DENIED, ERR_MESSAGE_TOO_LARGE, ERR_MAILBOX_FULL, ERR_DEADLINE,
   * ERR_PROC_STOPPED, what the actor throws, or the reason of the caller's abort.
   */
  async deliver(stream: Stream): Promise<void> {
    try {
      this.#admit(stream)
      const leave = this.#mailbox.tryEnter() ?? (await this.#waitForTurn(stream))
      try {
        await this.#runWithDeadline(stream)
        await stream.close()
      } finally {
        this.messages += 1
        this.#rest()
        leave()
      }
    } catch (thrown) {
      const error = toGliaError(thrown)
      this.#observer.failed(error)
      throw error
    }
  }

  /**
   * Makes the actor now instead of with the first message, so that a module which cannot start says so at once.
   * @throws {GliaError} what the start failed with; the signal's reason.
   */
  async warmUp(signal?: AbortSignal): Promise<void> {
    const leave = await this.#mailbox.enter(this.#killed.signal)
    try {
      await withDeadline(this.policy.deadlineMs, (late) =>
        this.#ensureActor(signal ? AbortSignal.any([late, signal]) : late),
      )
    } finally {
      this.#rest()
      leave()
    }
  }

  /** Ends the process for good. Waiting and running messages fail with the reason. */
  kill(reason = new GliaError('ERR_PROC_STOPPED', 'The process was killed.')): void {
    if (this.#killed.signal.aborted) return
    this.#killed.abort(reason)
    this.#drop(reason)
    this.#setState('dead')
  }

  #admit(stream: Stream): void {
    this.#throwIfDead()
    if (!mayCall(this.policy, stream.caller)) {
      throw new GliaError('ERR_DENIED', `${stream.caller} may not call this process: it is not on its list of callers.`)
    }
    if (!this.methods.includes(stream.methodName)) {
      const known = this.methods.join(', ')
      throw new GliaError('ERR_NO_METHOD', `${this.name} has no method “${stream.methodName}”. It has: ${known}.`)
    }
    if (stream.expectedBytes !== undefined && stream.expectedBytes > this.policy.maxMessageBytes) throw this.#tooLarge()
  }

  async #waitForTurn(stream: Stream): Promise<() => void> {
    const { deadlineMs } = this.policy
    const turn = withDeadline(
      deadlineMs,
      (signal) => this.#mailbox.enter(AbortSignal.any([signal, stream.signal])),
      `The message waited ${seconds(deadlineMs)} for its turn and was not run.`,
    )
    this.#observer.changed()
    return turn
  }

  async #runWithDeadline(stream: Stream): Promise<void> {
    const started = performance.now()
    const { deadlineMs } = this.policy
    const deadline = new GliaError(
      'ERR_DEADLINE',
      `${stream.methodName} did not end within its ${seconds(deadlineMs)}.`,
    )
    // A guest that notices the abort and returns within the grace keeps its state; one that loops is stopped.
    let timer = setTimeout(() => {
      const refuseWaiting = this.#mailbox.whoWaits()
      stream.abort(deadline)
      timer = setTimeout(() => this.#stopAt(deadline, refuseWaiting), GRACE_MS)
    }, deadlineMs)
    const onKill = (): void => stream.abort(this.#killed.signal.reason)
    this.#killed.signal.addEventListener('abort', onKill, { once: true })
    try {
      // The caller may have given up before its turn came.
      stream.signal.throwIfAborted()
      const actor = this.#actor ?? (await this.#ensureActor(stream.signal))
      this.#setState('busy')
      await actor.run(stream.methodName, this.#message(stream))
      // The guest may have returned on its own account after the caller's end was decided.
      stream.signal.throwIfAborted()
      this.#time(performance.now() - started)
    } catch (thrown) {
      // A worker that cannot make an instance is of no use any more: the next message gets another.
      if (thrown instanceof GliaError && thrown.code === 'ERR_START') this.#stopActor()
      // Once the stream is aborted or the process killed, that is the reason; what it made the guest do is not.
      stream.signal.throwIfAborted()
      this.#throwIfDead()
      throw thrown
    } finally {
      clearTimeout(timer)
      this.#killed.signal.removeEventListener('abort', onKill)
      this.#noteExit()
    }
  }

  async #ensureActor(signal: AbortSignal): Promise<Actor> {
    if (this.#actor) return this.#actor
    this.#setState('starting')
    const began = performance.now()
    const actor = await this.#start(AbortSignal.any([signal, this.#killed.signal]))
    // Killed at the moment when it was ready.
    if (this.#killed.signal.aborted) actor.stop()
    this.#throwIfDead()
    this.#actor = actor
    this.#observer.note(`started in ${Math.round(performance.now() - began)} ms`)
    return actor
  }

  #message(stream: Stream): Message {
    let received = 0
    return {
      signal: stream.signal,
      write: (chunk) => stream.write(chunk),
      closeRead: () => void stream.closeRead(),
      closeWrite: () => void stream.closeWrite(),
      read: async () => {
        const chunk = await stream.read()
        received += chunk?.byteLength ?? 0
        if (received > this.policy.maxMessageBytes) {
          stream.abort(this.#tooLarge())
          throw this.#tooLarge()
        }
        return chunk
      },
    }
  }

  /** The deadline and its grace are over: the guest loops. Ends the worker; those who waited at the deadline are told. */
  #stopAt(deadline: GliaError, refuseWaiting: (error: GliaError) => void): void {
    this.#stopActor()
    refuseWaiting(
      new GliaError(
        'ERR_PROC_STOPPED',
        'The message before this one ran past its deadline, so the process was stopped. This message was not run: send it again.',
      ),
    )
    this.#observer.note(`stopped: ${deadline.message}`)
    this.#endIfNotRestarted('abnormal')
  }

  /** After a run: an instance that ended itself is replaced by the actor, unless the process is not to come back. */
  #noteExit(): void {
    const exited = this.#actor?.exited
    if (exited === undefined) return
    this.#observer.note(`the instance ended; the next message gets a fresh one`)
    this.#endIfNotRestarted(exited)
  }

  #endIfNotRestarted(exited: 'normal' | 'abnormal'): void {
    if (this.#restart === 'permanent' || (this.#restart === 'transient' && exited === 'abnormal')) return
    this.kill(new GliaError('ERR_PROC_STOPPED', `The process has ended and is ${this.#restart}: it is not restarted.`))
    this.#observer.ended()
  }

  #stopActor(): void {
    this.#actor?.stop()
    this.#actor = undefined
  }

  #drop(reason: GliaError): void {
    this.#stopActor()
    this.#mailbox.refuseWaiting(reason)
  }

  /** Between two messages. */
  #rest(): void {
    this.#setState(this.#actor ? 'idle' : 'cold')
  }

  #throwIfDead(): void {
    this.#killed.signal.throwIfAborted()
  }

  #setState(state: ProcState): void {
    if (this.#state === state || this.#state === 'dead') return
    this.#state = state
    this.#observer.changed()
  }

  #time(ms: number): void {
    this.#times.push(ms)
    if (this.#times.length > TIMED_CALLS) this.#times.shift()
  }

  #tooLarge(): GliaError {
    const cap = this.policy.maxMessageBytes
    return new GliaError(
      'ERR_MESSAGE_TOO_LARGE',
      `The message is larger than the ${cap} bytes that this process accepts.`,
    )
  }
}

/** @throws {GliaError} ERR_DEADLINE if the work has not settled in time; the work is told through its signal. */
async function withDeadline<T>(ms: number, work: (signal: AbortSignal) => Promise<T>, message?: string): Promise<T> {
  const aborter = new AbortController()
  const late = new GliaError('ERR_DEADLINE', message ?? `It did not start within ${seconds(ms)}.`)
  const timer = setTimeout(() => aborter.abort(late), ms)
  try {
    return await work(aborter.signal)
  } finally {
    clearTimeout(timer)
  }
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`
}
