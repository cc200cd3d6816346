/** Buckets of each power of two. A bucket is at most an eighth as wide as its values are large. */
const PARTS = 8
const PART_BITS = 3
/** Longest time that is told from longer ones, in µs: about 18 minutes. */
const MAX_US = 2 ** 30 - 1
/** Buckets of a histogram. */
export const BUCKETS = bucketOf(Infinity) + 1

/**
 * The bucket of a time. Buckets are linear within a power of two of microseconds, and logarithmic from one to the next,
 * as in HdrHistogram.
 */
export function bucketOf(ms: number): number {
  // Clocks of some browsers go back by a little.
  const us = Math.min(Math.max(0, Math.floor(ms * 1000)), MAX_US)
  const shift = Math.max(0, 31 - PART_BITS - Math.clz32(us))
  return shift * PARTS + (us >>> shift)
}

/** The shortest time of a bucket, in ms. The bucket ends where the next one begins. */
export function startOf(bucket: number): number {
  const shift = Math.max(0, Math.floor(bucket / PARTS) - 1)
  return ((bucket - shift * PARTS) * 2 ** shift) / 1000
}

/**
 * A time that this share of all times does not exceed, in ms: the middle of its bucket, so it is wrong by a sixteenth at
 * most, or by half a microsecond. NaN if there are no times.
 * @param counts Times in each bucket.
 * @param share From 0 to 1.
 */
export function quantileOf(counts: Uint32Array, share: number): number {
  let total = 0
  for (let bucket = 0; bucket < BUCKETS; bucket++) total += counts[bucket] ?? 0
  const rank = Math.max(1, Math.ceil(total * share))
  let seen = 0
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    seen += counts[bucket] ?? 0
    if (seen >= rank) return (startOf(bucket) + startOf(bucket + 1)) / 2
  }
  return NaN
}
