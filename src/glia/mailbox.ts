import { GliaError } from './errors.ts'

interface Waiter {
  admit(): void
  refuse(error: unknown): void
}

/**
 * Lets messages into a process one at a time, first come first served. A message holds its turn until it releases it. What
 * the owner of the process does to it takes a turn too, before all messages that wait.
 */
export class Mailbox {
  readonly #capacity: number
  readonly #waiters: Waiter[] = []
  /** Those that go first. */
  readonly #owners: Waiter[] = []
  #taken = false

  /** @param capacity Messages that may wait, besides the one that has its turn. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Messages waiting for their turn. */
  get waiting(): number {
    return this.#waiters.length
  }

  /** Whether nobody has the turn, so that nobody waits either. */
  get free(): boolean {
    return !this.#taken
  }

  /** Takes the turn if nobody has it: the usual case, without a promise. */
  tryEnter(): (() => void) | undefined {
    if (this.#taken) return undefined
    this.#taken = true
    return this.#leave
  }

  /**
   * Waits for the turn. Call the result exactly when the message is done.
   * @throws {GliaError} ERR_MAILBOX_FULL if too many wait already; what {@link refuseWaiting} was given; the signal's reason.
   */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    const leave = this.tryEnter()
    if (leave) return leave
    if (this.#waiters.length >= this.#capacity) {
      throw new GliaError(
        'ERR_MAILBOX_FULL',
        `${this.#waiters.length} messages wait already. Try again when some are done.`,
      )
    }
    await queue(this.#waiters, signal)
    return this.#leave
  }

  /**
   * As enter, for what the owner does: before all messages that wait, and there is always room.
   * @throws the signal's reason.
   */
  async enterFirst(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    const leave = this.tryEnter()
    if (leave) return leave
    await queue(this.#owners, signal)
    return this.#leave
  }

  /** Sends every message away that waits. The message that has its turn keeps it. */
  refuseWaiting(error: GliaError): void {
    this.whoWaits()(error)
  }

  /** Remembers who waits now. @returns what sends away those of them who still wait then, and nobody who came later. */
  whoWaits(): (error: GliaError) => void {
    const waiting = [...this.#waiters]
    return (error) => {
      for (const waiter of waiting) {
        const at = this.#waiters.indexOf(waiter)
        if (at < 0) continue
        this.#waiters.splice(at, 1)
        waiter.refuse(error)
      }
    }
  }

  readonly #leave = (): void => {
    // The turn passes straight to the next waiter, so that a newcomer cannot slip in between.
    const next = this.#owners.shift() ?? this.#waiters.shift()
    if (next) next.admit()
    else this.#taken = false
  }
}

function queue(waiters: Waiter[], signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const giveUp = (): void => {
    const at = waiters.indexOf(waiter)
    if (at >= 0) waiters.splice(at, 1)
    reject(signal.reason)
  }
  const waiter: Waiter = {
    admit: () => {
      signal.removeEventListener('abort', giveUp)
      resolve()
    },
    refuse: (error) => {
      signal.removeEventListener('abort', giveUp)
      reject(error)
    },
  }
  signal.addEventListener('abort', giveUp, { once: true })
  waiters.push(waiter)
  return promise
}
