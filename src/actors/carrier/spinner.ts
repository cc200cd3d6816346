/** Iterations between two looks at the clock, which costs more than a look at a word. */
const LOOKS = 16
/**
 * Waits a few microseconds by looking, before the caller goes to sleep. Waking a sleeping thread takes tens of
 * microseconds, many times what a small message takes; so where waits are short, looking is the faster way.
 */
export class Spinner {
  readonly #maxMs: number
  readonly #pause: number
  #skip = 0

  /**
   * @param maxMs Longest time of one spin.
   * @param pause Waits that are not spun after one that was spun in vain.
   */
  constructor(maxMs: number, pause = 0) {
    this.#maxMs = maxMs
    this.#pause = pause
  }

  /** @returns whether `check` came true in time. */
  until(check: () => boolean): boolean {
    if (check()) return true
    if (this.#skip > 0) {
      this.#skip -= 1
      return false
    }
    const end = performance.now() + this.#maxMs
    do {
      for (let i = 0; i < LOOKS; i++) if (check()) return true
    } while (performance.now() < end)
    this.#skip = this.#pause
    return false
  }
}
