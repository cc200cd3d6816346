/**
 * Waits that double from the first to the last. Each is shortened at random by up to a third, so that many do not end
 * at once.
 */
export class Backoff {
  readonly #firstMs: number
  readonly #lastMs: number
  #nextMs: number

  constructor({ first, last }: { first: number; last: number }) {
    this.#firstMs = first
    this.#lastMs = last
    this.#nextMs = first
  }

  /** The next wait, in ms. */
  next(): number {
    const ms = this.#nextMs
    this.#nextMs = Math.min(ms * 2, this.#lastMs)
    return ms * (1 - Math.random() / 3)
  }

  reset(): void {
    this.#nextMs = this.#firstMs
  }
}
