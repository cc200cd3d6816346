import { type Actor, type ActorPlace, COMMAND, type Message, type ActorSpec } from './actor.ts'
import { GliaError } from '../errors.ts'
import { type Exit, type ExitReason, exitText, startFailure } from './exit.ts'
import type { Restart } from './restart.ts'
import { COMES_BACK, Supervisor } from './supervisor.ts'
import { orAborted } from '../wait/or-aborted.ts'

/** What a process is doing, and the facts about that. Only {@link Life} changes it; every other layer reads it. */
export type Status =
  /** It has no worker. The next message starts one. */
  | { readonly state: 'cold' }
  /**
   * Its module is being loaded, it waits for a place, or an instance is being made. During a swap the old instance is
   * still there.
   */
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

/** Tells the owner of a process. */
export interface ProcObserver {
  /** State, counters or memory changed. */
  changed(): void
  /** An instance has ended, or the process for good. `counts`: the end counts for the restart intensity. */
  exited(exit: Exit, counts: boolean): void
  /** A dead process is about to live again, and waits for this. */
  revives?(): Promise<void>
  /** Adds a line to the process's log. */
  note(line: string): void
  /** A message failed. */
  failed(error: GliaError): void
  /**
   * A message has run on an instance that goes on. @returns a promise if something has to be done before the next turn.
   * It never rejects.
   */
  ran?(): Promise<void> | undefined
  /**
   * The same, in the place of {@link ran}, for a message whose reply waits for it. Resolves when what the message left in
   * memory is stored for good. @throws {GliaError} ERR_STORAGE
   */
  ranToBeStored?(): Promise<void>
  /**
   * The owner has restarted the process, or given it another program: nothing that was in memory counts any more.
   * @param revived The process was dead, and was restarted: what is kept of its memory still counts.
   */
  begunAnew?(revived: boolean): void
}

/** Who caused an end. `method` is undefined if no message ran. */
export interface Cause {
  method?: string
  counts: boolean
  /** Called with the failure before its consequences are told: a log has causes before effects. */
  tell?: (failure: unknown) => void
}

export interface LifeInit {
  spec: ActorSpec
  restart: Restart
  observer: ProcObserver
  /** Why the process is dead from its beginning. */
  dead: string | undefined
  /** The process has died. Waiting and running messages have to fail with this error. */
  died(error: GliaError): void
}

/**
 * The status of a process and its actor. Together with the supervisor it decides what follows when an instance ends.
 */
export class Life {
  readonly #observer: ProcObserver
  readonly #supervisor: Supervisor
  readonly #died: (error: GliaError) => void
  readonly #killed = new AbortController()
  #spec: ActorSpec
  #status: Status
  /** Its instance may have ended with the last message. Then the actor makes another one. */
  #actor: Actor | undefined
  /** Whether the actor has had a message that may have left something in its memory. */
  #used = false
  /** Whether the last message had an instance of its own, whose end is not one of the process. */
  #isAlone = false
  /** The place of an actor that is about to be made. */
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

  /** Aborts when the process is killed. After that nothing brings it back. */
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

  /** Whether the last message has asked for files to be stored, as by `fsync`. */
  get hasSynced(): boolean {
    return this.#actor?.hasSynced === true
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
   * Before a message or a start: gives up an actor that has no room for the message, which loses nothing, or whose
   * worker has ended by itself, which is nobody's fault.
   * @throws {GliaError} why the process is dead.
   */
  prepare(method?: string): void {
    const actor = this.#actor
    if (actor?.stopped) this.end({ type: 'start', message: actor.stopped.message }, { counts: false })
    else if (method !== undefined && actor?.accepts?.(method) === false) this.stop()
    this.throwIfDead()
  }

  /**
   * Waits until the module is read and compiled for the next start. That takes as long as the browser takes and does
   * not depend on the guest, so no deadline covers it. Undefined if there is nothing to wait for.
   * @throws {GliaError} the failure; the reason of the signal; the reason of the kill.
   */
  load(signal: AbortSignal | undefined, cause: Cause): Promise<unknown> | undefined {
    if (this.isLive) return undefined
    return this.loadNext(this.#spec, signal)?.catch((thrown: unknown) => this.#failed(thrown, cause, signal))
  }

  /** Like {@link load}, for the program that is to replace this one. */
  loadNext({ load }: ActorSpec, signal: AbortSignal | undefined): Promise<unknown> | undefined {
    const loading = load?.()
    if (loading) this.#enter({ state: 'starting' })
    return loading && orAborted(loading, this.#orKilled(signal))
  }

  /**
   * Waits for a place among the processes that live at once. No deadline of the message covers it. Undefined if there
   * is nothing to wait for.
   * @throws {GliaError} ERR_LIVE_LIMIT; the reason of the signal; the reason of the kill.
   */
  enter(signal: AbortSignal): Promise<void> | undefined {
    const { enter } = this.#spec
    if (!enter || this.#place || this.isLive) return undefined
    this.#enter({ state: 'starting' })
    return enter(this.#orKilled(signal)).then((place) => {
      this.#place = place
      // The process was killed at this moment. The turn ends, and gives the place back.
      this.killed.throwIfAborted()
    })
  }

  /**
   * Makes an instance. @param late The reason of the signal when the start takes too long. @throws {GliaError} the
   * failure of the start.
   */
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
   * Puts another program in the place of this one. If it cannot be started, everything stays as before: the old
   * instance goes on, or the process is dead. @throws {GliaError} why.
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
    this.#beginAnew(false)
  }

  /**
   * Makes the next start a fresh one, whatever was before. A dead process lives again.
   * @param spec What it starts then. Left out: the same program.
   */
  async renew(spec = this.#spec): Promise<void> {
    const isDead = this.#status.state === 'dead'
    await this.#revive()
    this.stop()
    this.#spec = spec
    this.#beginAnew(isDead)
  }

  /** Runs a message. @throws {GliaError} the failure of the actor; ERR_INTERNAL if there is none. */
  run(method: string, message: Message): Promise<void> {
    if (!this.#actor) throw new GliaError('ERR_INTERNAL', 'The process has not been started.')
    this.#enter({ state: 'busy' })
    // What an earlier instance had in memory is gone with it.
    this.#isAlone = method === COMMAND || this.#actor.isFresh === true
    this.#used = this.isUsed || !this.#isAlone
    return this.#actor.run(method, message)
  }

  /**
   * A message has run. If that ended the instance, decides what follows.
   * @param thrown The failure of the actor, and no other.
   * @param signal The signal of the message.
   */
  settle(thrown: unknown, signal: AbortSignal, cause: Cause): void {
    if (!this.#actor) return
    const { exited, stopped } = this.#actor
    // A worker that is gone, or cannot make a fresh instance, can no longer be used. The next message gets another one.
    const failed = startFailure(thrown, signal)
    const reason: ExitReason | undefined = stopped ? (exited ?? { type: 'start', message: stopped.message }) : failed
    if (reason) this.end(reason, cause)
    else if (exited) this.#ended(exited, cause)
  }

  /** Ends the actor, and gives back the place of one that was about to be made. Idempotent. */
  stop(): void {
    this.#place?.leave()
    this.#place = undefined
    this.#actor?.stop()
    this.#actor = undefined
    this.#used = false
  }

  /** Ends the actor between two messages. What it has in memory is kept. */
  hibernate(): void {
    if (this.#actor?.hibernate) {
      this.#actor.hibernate()
      this.#actor = undefined
    }
    this.stop()
  }

  /** Ends the instance. */
  end(reason: ExitReason, cause: Cause): void {
    this.stop()
    this.#ended(reason, cause)
  }

  /** Ends the process for good. @returns false if it was dead before. */
  kill(error: GliaError): boolean {
    const wasAlive = this.#status.state !== 'dead'
    this.#killed.abort(error)
    this.#die(error)
    return wasAlive
  }

  /** A turn is over. @param next Begins the next one: at once, or after the backoff that the last end requires. */
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

  /** The owner does something to the process, so a backoff is over. */
  endBackoff(): void {
    if (this.#status.state === 'backoff') this.#status.end()
  }

  /** Between two messages: gives up a worn actor, if that loses nothing. */
  rest(): void {
    if (!this.#actor || (this.#actor.isWorn === true && !this.isUsed)) this.stop()
    this.#enter(this.#actor ? { state: 'idle', since: performance.now() } : { state: 'cold' })
  }

  /**
   * Not every step of a start obeys its signal (storage, a worker's script). A step that hangs is waited for only until
   * the signal aborts.
   */
  async #make({ start }: ActorSpec, signal: AbortSignal, place?: ActorPlace): Promise<Actor> {
    const over = this.#orKilled(signal)
    const starting = start(over, place)
    try {
      const actor = await orAborted(starting, over)
      // The process was killed at the moment when the actor was ready.
      this.killed.throwIfAborted()
      return actor
    } catch (thrown) {
      // If it arrives after all, nobody wants it.
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

  /**
   * The ends so far are those of another program, or the owner has looked at the process. They cause no further waits.
   */
  #beginAnew(revived: boolean): void {
    this.#observer.begunAnew?.(revived)
    this.#supervisor.reset()
    this.#waitMs = 0
  }

  /** @throws the failure of a start. */
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
    const isAlone = method === COMMAND || (method !== undefined && this.#isAlone)
    const verdict = isAlone ? COMES_BACK : this.#supervisor.judge(reason, counts)
    if (verdict.dead) this.#die(new GliaError('ERR_PROC_STOPPED', verdict.why))
    else this.#waitMs = verdict.waitMs
    this.#observer.note(`${exitText(reason)}. ${verdict.why}`)
    const exit = {
      at: Date.now(),
      method,
      reason,
      final: verdict.dead,
      ...(isAlone && method !== COMMAND && { isAlone }),
    }
    this.#observer.exited(exit, counts && !isAlone)
  }

  #die(error: GliaError): void {
    const before = this.#status
    this.#enter({ state: 'dead', error })
    if (before.state === 'dead') return
    this.#died(error)
    this.stop()
    if (before.state === 'backoff') before.end()
  }

  /** Nothing else leads out of the status `dead`. @throws {GliaError} the reason of the kill. */
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
