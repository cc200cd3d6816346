import { GliaError } from '../errors.ts'
import { type Exit, type ExitReason, exitText, startFailure } from './exit.ts'
import { COMMAND, Incarnation, type Program } from './incarnation.ts'
import type { Restart } from './restart.ts'
import { COMES_BACK, Supervisor } from './supervisor.ts'

/** States of DESIGN 6 that a process can be in. */
export type ProcState = 'cold' | 'starting' | 'idle' | 'busy' | 'backoff' | 'dead'

/** What a process tells its owner. */
export interface ProcObserver {
  /** State, counters or memory changed. */
  changed(): void
  /** An instance has ended, or the process for good. `counts`: it is one of the ends that the restart intensity is about. */
  exited(exit: Exit, counts: boolean): void
  /** A line for the process's log. */
  note(line: string): void
  /** A message failed. */
  failed(error: GliaError): void
}

/** Whose doing an end is. `method` is undefined if no message ran. */
export interface Cause {
  method?: string
  counts: boolean
  /** Called with what failed before anything that follows of it is told: a log has causes before effects. */
  tell?: (failure: unknown) => void
}

/** The states of a process, from cold to dead: starts its incarnations, and decides with its supervisor what follows an end. */
export class Life {
  readonly #observer: ProcObserver
  readonly #supervisor: Supervisor
  readonly #killed = new AbortController()
  readonly #incarnation: Incarnation
  #state: ProcState = 'cold'
  #restingSince = performance.now()
  #waitMs = 0

  constructor(program: Program, restart: Restart, observer: ProcObserver) {
    this.#observer = observer
    this.#supervisor = new Supervisor(restart)
    this.#incarnation = new Incarnation(program, this.#killed.signal)
  }

  get state(): ProcState {
    return this.#state
  }

  set state(state: Exclude<ProcState, 'dead'>) {
    this.#enter(state)
  }

  get incarnation(): Incarnation {
    return this.#incarnation
  }

  /** Aborts when the process is dead, with what its callers are told. */
  get killed(): AbortSignal {
    return this.#killed.signal
  }

  /** Since when it has had nothing to do, on the clock of `performance.now()`. */
  get restingSince(): number {
    return this.#restingSince
  }

  /**
   * Waits for what the next start needs: the module is read and compiled. That takes as long as the browser takes, which is
   * none of the guest's doing, so no deadline is about it. undefined if there is nothing to wait for.
   * @throws {GliaError} what that fails with; the signal's reason.
   */
  load(signal: AbortSignal, cause: Cause): Promise<unknown> | undefined {
    const loading = this.#incarnation.isLive ? undefined : this.#incarnation.load(signal)
    if (loading) this.#enter('starting')
    return loading?.catch((thrown: unknown) => this.#failed(thrown, cause, signal))
  }

  /**
   * Waits for a place among the processes that live at once. No deadline of the message is about it. undefined if there is nothing
   * to wait for.
   * @throws {GliaError} ERR_LIVE_LIMIT; the signal's reason.
   */
  enter(signal: AbortSignal): Promise<void> | undefined {
    if (this.#incarnation.isLive) return undefined
    const entering = this.#incarnation.enter(signal)
    if (entering) this.#enter('starting')
    return entering?.catch((thrown: unknown) => {
      this.killed.throwIfAborted()
      throw thrown
    })
  }

  /** As {@link load}, for the program that is to replace this one. */
  loadNext(program: Program, signal: AbortSignal): Promise<unknown> | undefined {
    const loading = this.#incarnation.load(signal, program)
    if (loading) this.#enter('starting')
    return loading
  }

  /** Makes an instance. @param late What the signal gives when it takes too long. @throws {GliaError} what that fails with. */
  async start(signal: AbortSignal, late: GliaError, cause: Cause): Promise<void> {
    this.#enter('starting')
    const began = performance.now()
    try {
      await this.#incarnation.start(signal)
    } catch (thrown) {
      this.#failed(thrown, cause, signal, late)
    }
    this.#observer.note(`Started in ${Math.round(performance.now() - began)} ms.`)
  }

  /** Puts another program in the place of this one; if it cannot be started, the old one goes on. @throws {GliaError} why. */
  async replace(program: Program, signal: AbortSignal): Promise<void> {
    this.#enter('starting')
    await this.#incarnation.replace(program, signal)
    this.#beginAnew()
  }

  /** Has the next start be a fresh one, whatever was before. */
  renew(): void {
    this.#incarnation.stop()
    this.#beginAnew()
  }

  /**
   * A message has run: if that was the end of the instance, decides what follows.
   * @param thrown What the actor failed with, and nothing else.
   * @param signal The message's.
   */
  settle(thrown: unknown, signal: AbortSignal, cause: Cause): void {
    const { isLive, exited, stopped } = this.#incarnation
    // A worker that is gone, or cannot make a fresh instance, is of no use any more: the next message gets another.
    const failed = isLive ? startFailure(thrown, signal) : undefined
    const reason: ExitReason | undefined = stopped ? (exited ?? { type: 'start', message: stopped.message }) : failed
    if (reason) this.end(reason, cause)
    else if (exited) this.#ended(exited, cause)
  }

  /** Ends the instance. */
  end(reason: ExitReason, cause: Cause): void {
    this.#incarnation.stop()
    this.#ended(reason, cause)
  }

  /** Ends the process for good. */
  die(error: GliaError): void {
    this.#enter('dead')
    this.#killed.abort(error)
    this.#incarnation.stop()
  }

  /** Time to wait before the next turn, in ms. It is asked for once. */
  takeWait(): number {
    const waitMs = this.#waitMs
    this.#waitMs = 0
    return this.#state === 'dead' ? 0 : waitMs
  }

  /** Between two messages. */
  rest(): void {
    this.#restingSince = performance.now()
    // Without an actor, a place that was to be for one is given back.
    if (this.#incarnation.isWorn || !this.#incarnation.isLive) this.#incarnation.stop()
    this.#enter(this.#incarnation.isLive ? 'idle' : 'cold')
  }

  /** The ends so far are those of another program, or its owner has looked at it: they have it wait no more. */
  #beginAnew(): void {
    this.#supervisor.reset()
    this.#waitMs = 0
  }

  /** @throws what a start failed with. */
  #failed(thrown: unknown, cause: Cause, signal: AbortSignal, late?: GliaError): never {
    this.killed.throwIfAborted()
    const reason = startFailure(thrown, signal, late)
    if (reason) {
      cause.tell?.(thrown)
      this.end(reason, cause)
    }
    throw thrown
  }

  #ended(reason: ExitReason, { method, counts }: Cause): void {
    const isProcess = method !== COMMAND
    const verdict = isProcess ? this.#supervisor.judge(reason, counts) : COMES_BACK
    if (verdict.dead) this.die(new GliaError('ERR_PROC_STOPPED', verdict.why))
    else this.#waitMs = verdict.waitMs
    this.#observer.note(`${exitText(reason)}. ${verdict.why}`)
    this.#observer.exited({ at: Date.now(), method, reason, final: verdict.dead }, counts && isProcess)
  }

  #enter(state: ProcState): void {
    if (this.#state === state || this.#state === 'dead') return
    this.#state = state
    this.#observer.changed()
  }
}
