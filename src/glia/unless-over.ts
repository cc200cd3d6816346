import { toGliaError } from './errors.ts'

/**
 * Waits that end when a call is over, whatever becomes of what they wait for. A transport may never settle a read or a write,
 * not even of a stream that is aborted; the message must not wait with it.
 */
export class UnlessOver {
  readonly #signal: AbortSignal
  /** Rejects the waits under way: there are at most a few, a read and a write. */
  readonly #waiting = new Set<(reason: unknown) => void>()
  #listens = false

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  /** @throws what the promise throws; the signal's reason as soon as it aborts. */
  wait<T>(promise: Promise<T>): Promise<T> {
    const { promise: either, resolve, reject } = Promise.withResolvers<T>()
    if (!this.#listens) {
      this.#listens = true
      this.#signal.addEventListener('abort', this.#onAbort, { once: true })
    }
    this.#waiting.add(reject)
    promise.then(
      (value) => {
        this.#waiting.delete(reject)
        resolve(value)
      },
      (thrown: unknown) => {
        this.#waiting.delete(reject)
        reject(thrown)
      },
    )
    if (this.#signal.aborted) this.#onAbort()
    return either
  }

  readonly #onAbort = (): void => {
    const reason = toGliaError(this.#signal.reason, 'ERR_ABORTED')
    for (const reject of this.#waiting) reject(reason)
    this.#waiting.clear()
  }
}
