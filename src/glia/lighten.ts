export interface Shares<Owner> {
  /** The amount of an owner that can be freed; 0 if there is none. */
  weigh(owner: Owner): number
  /** Frees the next part of an owner. @returns the freed amount; 0 if there is nothing more. */
  free(owner: Owner): number
}

/**
 * Frees an amount from the owners with the most: nobody loses anything while another owner has more. Each owner is
 * weighed once, not again for each freed part.
 */
export function lighten<Owner>(owners: readonly Owner[], amount: number, shares: Shares<Owner>): void {
  let left = amount
  while (left > 0) {
    const freed = lightenOnce(owners, left, shares)
    if (freed === 0) return
    left -= freed
  }
}

function lightenOnce<Owner>(owners: readonly Owner[], amount: number, { weigh, free }: Shares<Owner>): number {
  const heaviestFirst = owners
    .map((owner) => ({ owner, weight: weigh(owner) }))
    .filter(({ weight }) => weight > 0)
    .toSorted((one, other) => other.weight - one.weight)
  const level = levelOf(
    heaviestFirst.map(({ weight }) => weight),
    amount,
  )
  let freed = 0
  for (const { owner } of heaviestFirst) {
    while (freed < amount && weigh(owner) > level) {
      const part = free(owner)
      if (part === 0) break
      freed += part
    }
  }
  return freed
}

/** What the heaviest owners may keep so that the amount is freed. @param weights The largest first. */
function levelOf(weights: readonly number[], amount: number): number {
  let sum = 0
  for (const [i, weight] of weights.entries()) {
    sum += weight
    const level = (sum - amount) / (i + 1)
    if (level >= (weights[i + 1] ?? 0)) return level
  }
  return 0
}
