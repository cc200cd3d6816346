/** Runs of which the median is taken. */
const KEPT = 64

/** How long the last runs took. */
export class RunTimes {
  readonly #times: number[] = []

  add(ms: number): void {
    this.#times.push(ms)
    if (this.#times.length > KEPT) this.#times.shift()
  }

  /** In ms; undefined before the first. */
  get median(): number | undefined {
    return [...this.#times].sort((a, b) => a - b)[this.#times.length >> 1]
  }
}
