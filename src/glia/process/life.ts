import { type Actor, type ActorPlace, COMMAND, type Message, type ActorSpec } from './actor.ts'
import { GliaError } from '../errors.ts'
import { type Exit, type ExitReason, exitText, startFailure } from './exit.ts'
import type { Restart } from './restart.ts'
import { COMES_BACK, Supervisor } from './supervisor.ts'
import { orAborted } from '../wait/or-aborted.ts'

/** What a process is doing, with what is to be known of it. Only {@link Life} changes it; every other layer reads it. */
export type Status =
  /** It has no worker. The next message starts one. */
  | { readonly state: 'cold' }
  /** Its module is loaded, it waits for a place, or an instance is being made. During a swap the old instance is still there. */
  | { readonly state: 'starting' }
  /** It has a worker and nothing to do. `since` is on the clock of `performance.now()`. */
  | { readonly state: 'idle'; readonly since: number }
  /** A method runs. */
  | { readonly state: 'busy' }
  /** It keeps its turn until `until`, in ms since the epoch. `end` cuts that short. */
  | { readonly state: 'backoff'; readonly until: number; end(): void }
  /** It takes no messages. A restart or a swap brings it back, unless it was killed. */
  | { readonly state: 'dead'; readonly error: GliaError }

export type ProcState = Status['state']

/** What a process tells its owner. */
export interface ProcObserver {
  /** State, counters or memory changed. */
  changed(): void
  /** An instance has ended, or the process for good. `counts`: it is one of the ends that the restart intensity is about. */
  exited(exit: Exit, counts: boolean): void
  /** A dead process is about to live again, and waits for this. */
  revives?(): Promise<void>
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

export interface LifeInit {
  spec: ActorSpec
  restart: Restart
  observer: ProcObserver
  /** The process is dead from its beginning: why. */
  dead: string | undefined
  /** The process has died: what waits and what runs is to fail with this. */
  died(error: GliaError): void
}

/** The status of a process and the actor that it runs on. Decides with its supervisor what follows when an instance ends. */
export class Life {
  readonly #observer: ProcObserver
  readonly #supervisor: Supervisor
  readonly #died: (error: GliaError) => void
  readonly #killed = new AbortController()
  #spec: ActorSpec
  #status: Status
  /** Its instance may have ended with the last message: the actor makes another one then. */
  #actor: Actor | undefined
  /** Whether the actor has had a message that may have left something in its memory. */
  #used = false
  /** The place of an actor that is to be made. */
  #place: ActorPlace | undefined
  /** How long the next turn has to wait, in ms. */
  #waitMs = 0

  constructor({ spec, restart, observer, dead, died }: LifeInit) {
    this.#spec = spec
    this.#observer = observer
    this.#supervisor = new Supervisor(restart)
    this.#died = died
    this.#status =
      dead === undefined ? { state: 'cold' } : { state: 'dead', error: new GliaError('ERR_PROC_STOPPED', dead) }
  }

  get status(): Status {
    return this.#status
  }

  /** Aborts when the process is killed. Nothing brings it back then. */
  get killed(): AbortSignal {
    return this.#killed.signal
  }

  get methods(): readonly string[] {
    return this.#spec.methods
  }

  get memoryBytes(): number | undefined {
    return this.#actor?.memoryBytes
  }

  /** Whether there is an actor, which keeps a worker. */
  get isLive(): boolean {
    return this.#actor !== undefined
  }

  /** Whether there is an instance that has not ended. */
  get hasInstance(): boolean {
    return this.#actor !== undefined && this.#actor.exited === undefined
  }

  /** Whether messages may have left something in the memory of the instance. */
  get isUsed(): boolean {
    return this.#used && this.hasInstance
  }

  /** Whether the guest waits for more of its message, as far as is known. */
  get awaitsInput(): boolean {
    return this.#actor?.awaitsInput ?? true
  }

  /** @throws {GliaError} why the process is dead. */
  throwIfDead(): void {
    if (this.#status.state === 'dead') throw this.#status.error
  }

  /**
   * Before a message, or a start: gives up an actor that has no room for the message, which loses nothing, and one whose worker has
   * ended by itself meanwhile, which is nobody's doing.
   * @throws {GliaError} why the process is dead.
   */
  prepare(method?: string): void {
    const actor = this.#actor
    if (actor?.stopped) this.end({ type: 'start', message: actor.stopped.message }, { counts: false })
    else if (method !== undefined && actor?.accepts?.(method) === false) this.stop()
    this.throwIfDead()
  }

  /**
   * Waits for what the next start needs: the module is read and compiled. That takes as long as the browser takes, which is
   * none of the guest's doing, so no deadline is about it. undefined if there is nothing to wait for.
   * @throws {GliaError} what that fails with; the signal's reason; that of the kill.
   */
  load(signal: AbortSignal | undefined, cause: Cause): Promise<unknown> | undefined {
    if (this.isLive) return undefined
    return this.loadNext(this.#spec, signal)?.catch((thrown: unknown) => this.#failed(thrown, cause, signal))
  }

  /** As {@link load}, for the program that is to replace this one. */
  loadNext({ load }: ActorSpec, signal: AbortSignal | undefined): Promise<unknown> | undefined {
    const loading = load?.()
    if (loading) this.#enter({ state: 'starting' })
    return loading && orAborted(loading, this.#orKilled(signal))
  }

  /**
   * Waits for a place among the processes that live at once. No deadline of the message is about it. undefined if there is nothing
   * to wait for.
   * @throws {GliaError} ERR_LIVE_LIMIT; the signal's reason; that of the kill.
   */
  enter(signal: AbortSignal): Promise<void> | undefined {
    const { enter } = this.#spec
    if (!enter || this.#place || this.isLive) return undefined
    this.#enter({ state: 'starting' })
    return enter(this.#orKilled(signal)).then((place) => {
      this.#place = place
      // Killed at this moment: the turn ends, and gives the place back.
      this.killed.throwIfAborted()
    })
  }

  /** Makes an instance. @param late What the signal gives when it takes too long. @throws {GliaError} what that fails with. */
  async start(signal: AbortSignal, late: GliaError, cause: Cause): Promise<void> {
    this.#enter({ state: 'starting' })
    const began = performance.now()
    const place = this.#place
    this.#place = undefined
    try {
      this.#actor = await this.#make(this.#spec, signal, place)
    } catch (thrown) {
      this.#failed(thrown, cause, signal, late)
    }
    this.#observer.note(`Started in ${Math.round(performance.now() - began)} ms.`)
  }

  /**
   * Puts another program in the place of this one. If it cannot be started, all is as before: the old instance goes on, or the
   * process is dead. @throws {GliaError} why.
   */
  async replace(spec: ActorSpec, signal: AbortSignal): Promise<void> {
    this.#enter({ state: 'starting' })
    const actor = await this.#make(spec, signal)
    try {
      await this.#revive()
    } catch (thrown) {
      actor.stop()
      throw thrown
    }
    this.stop()
    this.#actor = actor
    this.#spec = spec
    this.#beginAnew()
  }

  /** Has the next start be a fresh one, whatever was before, also of a process that is dead. */
  async renew(): Promise<void> {
    await this.#revive()
    this.stop()
    this.#beginAnew()
  }

  /** Runs a message. @throws {GliaError} what the actor does; ERR_INTERNAL if there is none. */
  run(method: string, message: Message): Promise<void> {
    if (!this.#actor) throw new GliaError('ERR_INTERNAL', 'The process has not been started.')
    this.#enter({ state: 'busy' })
    // What an earlier instance had is gone with it.
    this.#used = this.isUsed || method !== COMMAND
    return this.#actor.run(method, message)
  }

  /**
   * A message has run: if that was the end of the instance, decides what follows.
   * @param thrown What the actor failed with, and nothing else.
   * @param signal The message's.
   */
  settle(thrown: unknown, signal: AbortSignal, cause: Cause): void {
    if (!this.#actor) return
    const { exited, stopped } = this.#actor
    // A worker that is gone, or cannot make a fresh instance, is of no use any more: the next message gets another.
    const failed = startFailure(thrown, signal)
    const reason: ExitReason | undefined = stopped ? (exited ?? { type: 'start', message: stopped.message }) : failed
    if (reason) this.end(reason, cause)
    else if (exited) this.#ended(exited, cause)
  }

  /** Ends the actor, and gives back the place that one was to have. Idempotent. */
  stop(): void {
    this.#place?.leave()
    this.#place = undefined
    this.#actor?.stop()
    this.#actor = undefined
    this.#used = false
  }

  /** Ends the instance. */
  end(reason: ExitReason, cause: Cause): void {
    this.stop()
    this.#ended(reason, cause)
  }

  /** Ends the process for good. @returns whether it was not dead before. */
  kill(error: GliaError): boolean {
    const wasAlive = this.#status.state !== 'dead'
    this.#killed.abort(error)
    this.#die(error)
    return wasAlive
  }

  /** A turn is over. @param next Begins the next one: at once, or after the backoff that the last end asks for. */
  endTurn(next: () => void): void {
    const waitMs = this.#waitMs
    this.#waitMs = 0
    if (waitMs === 0 || this.#status.state === 'dead') {
      this.rest()
      next()
      return
    }
    const end = (): void => {
      clearTimeout(timer)
      this.rest()
      next()
    }
    const timer = setTimeout(end, waitMs)
    this.#enter({ state: 'backoff', until: Date.now() + waitMs, end })
  }

  /** The owner does something to the process: a backoff is over. */
  endBackoff(): void {
    if (this.#status.state === 'backoff') this.#status.end()
  }

  /** Between two messages: gives up an actor that is worn, if that loses nothing. */
  rest(): void {
    if (!this.#actor || (this.#actor.isWorn === true && !this.isUsed)) this.stop()
    this.#enter(this.#actor ? { state: 'idle', since: performance.now() } : { state: 'cold' })
  }

  /** Not every step of a start minds its signal (storage, a worker's script): one that hangs is waited for no longer than that says. */
  async #make({ start }: ActorSpec, signal: AbortSignal, place?: ActorPlace): Promise<Actor> {
    const over = this.#orKilled(signal)
    const starting = start(over, place)
    try {
      const actor = await orAborted(starting, over)
      // Killed at the moment when it was ready.
      this.killed.throwIfAborted()
      return actor
    } catch (thrown) {
      // If it comes after all, nobody wants it any more.
      void starting.then(
        (actor) => actor.stop(),
        () => undefined,
      )
      throw thrown
    }
  }

  #orKilled(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.killed]) : this.killed
  }

  /** The ends so far are those of another program, or its owner has looked at it: they have it wait no more. */
  #beginAnew(): void {
    this.#supervisor.reset()
    this.#waitMs = 0
  }

  /** @throws what a start failed with. */
  #failed(thrown: unknown, cause: Cause, signal: AbortSignal | undefined, late?: GliaError): never {
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
    if (verdict.dead) this.#die(new GliaError('ERR_PROC_STOPPED', verdict.why))
    else this.#waitMs = verdict.waitMs
    this.#observer.note(`${exitText(reason)}. ${verdict.why}`)
    this.#observer.exited({ at: Date.now(), method, reason, final: verdict.dead }, counts && isProcess)
  }

  #die(error: GliaError): void {
    const before = this.#status
    this.#enter({ state: 'dead', error })
    if (before.state === 'dead') return
    this.#died(error)
    this.stop()
    if (before.state === 'backoff') before.end()
  }

  /** Nothing else leads out of the status `dead`. @throws {GliaError} that of the kill. */
  async #revive(): Promise<void> {
    if (this.#status.state !== 'dead') return
    await this.#observer.revives?.()
    this.killed.throwIfAborted()
    this.#status = { state: 'cold' }
    this.#observer.changed()
  }

  #enter(status: Status): void {
    const before = this.#status.state
    if (before === 'dead') return
    this.#status = status
    if (before !== status.state) this.#observer.changed()
  }
}
