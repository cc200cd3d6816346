import type { Actor, ActorFactory, ActorPlace, Message } from './actor.ts'
import { GliaError } from '../errors.ts'
import type { ExitReason } from './exit.ts'
import { orAborted } from '../wait/or-aborted.ts'

/** The method of command modules. Each message gets a fresh instance, so an end of it is the message's and not the process's. */
export const COMMAND = '_start'

/** What a process runs: its module's methods, and how it is started. */
export interface Program {
  methods: readonly string[]
  /** Makes ready what the start needs, where that takes long: the guest has no part in it. Left out: nothing has to be. */
  load?: (() => Promise<unknown>) | undefined
  /** Waits for a place among the actors that may live at once. Left out: there is always one. */
  enter?: ((signal: AbortSignal) => Promise<ActorPlace>) | undefined
  start: ActorFactory
}

/** The program of a process and what it runs on now, if anything. */
export class Incarnation {
  readonly #killed: AbortSignal
  #program: Program
  #actor: Actor | undefined
  #used = false
  /** The place of an actor that is to be made. */
  #place: ActorPlace | undefined

  /** @param killed Aborts with the process: what is being started then is stopped. */
  constructor(program: Program, killed: AbortSignal) {
    this.#program = program
    this.#killed = killed
  }

  get methods(): readonly string[] {
    return this.#program.methods
  }

  get memoryBytes(): number | undefined {
    return this.#actor?.memoryBytes
  }

  /** Whether there is an actor, which keeps a worker; its instance may have ended with the last message. */
  get isLive(): boolean {
    return this.#actor !== undefined
  }

  /** Why the instance has ended; undefined if it has not, or if there is none. */
  get exited(): ExitReason | undefined {
    return this.#actor?.exited
  }

  /** Why the actor is of no more use; undefined if it is, or if there is none. */
  get stopped(): GliaError | undefined {
    return this.#actor?.stopped
  }

  /** Whether the guest waits for more of its message, as far as is known. */
  get awaitsInput(): boolean {
    return this.#actor?.awaitsInput ?? true
  }

  /** Whether the actor is to be given up between two messages: that loses nothing. */
  get isWorn(): boolean {
    return this.#actor?.isWorn === true && !this.isUsed
  }

  /** Whether the instance has had a message that may have left something in its memory. */
  get isUsed(): boolean {
    return this.#used && this.exited === undefined
  }

  /** Waits for what the start needs; undefined if that is nothing. @throws {GliaError} what that fails with; the signal's reason; that of the kill. */
  load(signal: AbortSignal, program: Program = this.#program): Promise<unknown> | undefined {
    const loading = program.load?.()
    return loading && orAborted(loading, AbortSignal.any([signal, this.#killed]))
  }

  /**
   * Waits for a place for the actor; undefined if there is nothing to wait for.
   * @throws {GliaError} ERR_LIVE_LIMIT; the signal's reason; that of the kill.
   */
  enter(signal: AbortSignal): Promise<void> | undefined {
    const { enter } = this.#program
    if (!enter || this.#place || this.#actor) return undefined
    return enter(AbortSignal.any([signal, this.#killed])).then((place) => {
      this.#place = place
      // Killed just now: nobody else gives it back.
      if (this.#killed.aborted) this.stop()
    })
  }

  /** Before a message: gives up an actor that has no room for it. That loses nothing. */
  prepare(method: string): void {
    if (this.#actor?.accepts?.(method) === false) this.stop()
  }

  /** Makes the actor. @throws {GliaError} what the start fails with; the signal's reason; that of the kill. */
  async start(signal: AbortSignal): Promise<void> {
    const place = this.#place
    this.#place = undefined
    this.#actor = await this.#make(this.#program, signal, place)
  }

  /** Makes an actor of another program, then lets go of the old one: which goes on if that fails. @throws as start. */
  async replace(program: Program, signal: AbortSignal): Promise<void> {
    const actor = await this.#make(program, signal)
    this.stop()
    this.#actor = actor
    this.#program = program
  }

  /** Runs a message. @throws {GliaError} what the actor does; ERR_INTERNAL if there is none. */
  run(method: string, message: Message): Promise<void> {
    if (!this.#actor) throw new GliaError('ERR_INTERNAL', 'The process has not been started.')
    // What an earlier instance had is gone with it.
    this.#used = this.isUsed || method !== COMMAND
    return this.#actor.run(method, message)
  }

  /** Idempotent. */
  stop(): void {
    this.#place?.leave()
    this.#place = undefined
    this.#actor?.stop()
    this.#actor = undefined
    this.#used = false
  }

  /** Not every step of a start minds its signal (storage, a worker's script): one that hangs is waited for no longer than that says. */
  async #make({ start }: Program, signal: AbortSignal, place?: ActorPlace): Promise<Actor> {
    const over = AbortSignal.any([signal, this.#killed])
    const starting = start(over, place)
    try {
      const actor = await orAborted(starting, over)
      // Killed at the moment when it was ready.
      this.#killed.throwIfAborted()
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
}
