export interface RateInit {
  readonly perSecond: number
  /** Events that may come at once after a pause. */
  readonly burst: number
}

interface Bucket {
  left: number
  /** When `left` was computed, in ms since the epoch. */
  at: number
  times: number
}

/** Keys that are remembered. Past it, keys that have their whole burst again are forgotten, then the oldest ones. */
const MAX_REMEMBERED = 10_000

/** Counts how often each key does something, and refuses what is past a rate. */
export class Rate {
  readonly #init: RateInit
  readonly #buckets = new Map<string, Bucket>()

  constructor(init: RateInit) {
    this.#init = init
  }

  /**
   * Whether the key may do it once more.
   * @param times This key may have so many times the rate of others.
   */
  admits(key: string, now = Date.now(), times = 1): boolean {
    const bucket = this.#buckets.get(key)
    const left = bucket ? this.#left(bucket, now) : this.#init.burst * times
    if (left < 1) return false
    // Moved to the end: the first entry is then the one that was not seen for longest.
    this.#buckets.delete(key)
    this.#buckets.set(key, { left: left - 1, at: now, times })
    if (this.#buckets.size > MAX_REMEMBERED) this.#forget(now)
    return true
  }

  #left({ left, at, times }: Bucket, now: number): number {
    return Math.min(this.#init.burst * times, left + ((now - at) / 1000) * this.#init.perSecond * times)
  }

  #forget(now: number): void {
    for (const [key, bucket] of this.#buckets) {
      if (this.#left(bucket, now) >= this.#init.burst * bucket.times) this.#buckets.delete(key)
    }
    const [oldest] = this.#buckets.keys()
    if (this.#buckets.size > MAX_REMEMBERED && oldest !== undefined) this.#buckets.delete(oldest)
  }
}
