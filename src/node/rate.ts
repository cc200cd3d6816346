import { shareOf } from './networks.ts'

export interface RateInit {
  readonly perSecond: number
  /** Events that may come at once after a pause. */
  readonly burst: number
}

interface Bucket {
  left: number
  /** When `left` was right, in ms since the epoch. */
  at: number
}

/** Networks that are remembered. Past it those that have their whole burst again are forgotten. */
const MAX_REMEMBERED = 10_000

/** Counts how often each network does something, and refuses what is past a rate. */
export class Rate {
  readonly #init: RateInit
  readonly #buckets = new Map<string, Bucket>()

  constructor(init: RateInit) {
    this.#init = init
  }

  /** Whether it may happen once more. */
  admits(network: string, now = Date.now()): boolean {
    const left = this.#left(network, now)
    if (left < 1) return false
    this.#buckets.set(network, { left: left - 1, at: now })
    if (this.#buckets.size > MAX_REMEMBERED) this.#forget(now)
    return true
  }

  #left(network: string, now: number): number {
    const burst = shareOf(network, this.#init.burst)
    const bucket = this.#buckets.get(network)
    if (!bucket) return burst
    return Math.min(burst, bucket.left + ((now - bucket.at) / 1000) * shareOf(network, this.#init.perSecond))
  }

  #forget(now: number): void {
    for (const network of this.#buckets.keys()) {
      if (this.#left(network, now) >= shareOf(network, this.#init.burst)) this.#buckets.delete(network)
    }
  }
}
