/** Does something with each of many items, so many of them at a time. @throws the first failure */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++
      const item = items[index]
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      if (item !== undefined) await work(item, index)
    }
  }
  await Promise.all(Array.from({ length: width }, lane))
}

/** Does something with each of the items, one after the other. @returns how long each took, in ms, the shortest first */
export async function timesOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<number[]> {
  const times: number[] = []
  for (const item of items) {
    const began = performance.now()
    // oxlint-disable-next-line no-await-in-loop
    await work(item)
    times.push(performance.now() - began)
  }
  return times.toSorted((a, b) => a - b)
}

/** @param sorted The shortest first. */
export function shareOf(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
