/** Numbers that look random and are the same for the same seed (mulberry32). */
export class Random {
  #state: number

  /** @param seed The lowest 32 bits count. */
  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A whole number from 0 to below the limit. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }

  /** @throws {RangeError} if there is nothing to pick. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new RangeError('nothing to pick')
    return item
  }

  bytes(length: number): number[] {
    return Array.from({ length }, () => this.below(256))
  }
}

/** A seed of 32 bits for a run that was given none. */
export function anySeed(): number {
  return Math.floor(Math.random() * 2 ** 32)
}
