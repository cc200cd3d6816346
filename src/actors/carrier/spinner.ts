/** Iterations between two looks at the clock, which costs more than a look at a word. */
const LOOKS = 16
/**
 * Waits a few microseconds by looking, before the caller goes to sleep. Waking a sleeping thread takes tens of
 * microseconds, many times what a small message takes; so where waits are short, looking is the faster way.
 */
export class Spinner {
  readonly #maxMs: number
  readonly #maxPause: number
  #skip = 0
  #pause = 0

  /**
   * @param maxMs Longest time of one spin.
   * @param maxPause Most waits that are not spun after those that were spun in vain. None are left out after the first.
   */
  constructor(maxMs: number, maxPause = 0) {
    this.#maxMs = maxMs
    this.#maxPause = maxPause
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
      for (let i = 0; i < LOOKS; i++) if (check()) return this.#succeed()
    } while (performance.now() < end)
    this.#skip = this.#pause
    this.#pause = Math.min(this.#pause * 2 + 1, this.#maxPause)
    return false
  }

  #succeed(): true {
    this.#pause = 0
    return true
  }
}
