import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BUCKETS, bucketOf, quantileOf, startOf } from './histogram.ts'

/** Times from less than a microsecond to many minutes, in ms. */
const times = fc.double({ min: -4, max: 6, noNaN: true }).map((exponent) => 10 ** exponent)

test('each time is in the bucket that begins before it and ends behind it', () => {
  fc.assert(
    fc.property(times, (ms) => {
      const bucket = bucketOf(ms)
      expect(startOf(bucket)).toBeLessThanOrEqual(ms)
      expect(startOf(bucket + 1)).toBeGreaterThan(ms)
    }),
  )
})

test('buckets follow one another without gaps', () => {
  for (let bucket = 1; bucket < BUCKETS; bucket++) {
    expect(startOf(bucket)).toBeGreaterThan(startOf(bucket - 1))
    expect(bucketOf(startOf(bucket))).toBe(bucket)
  }
})

test.each([-1, -0.001, 0, NaN, Infinity, 1e12])('%d ms has a bucket, too', (ms) => {
  expect(bucketOf(ms)).toBeGreaterThanOrEqual(0)
  expect(bucketOf(ms)).toBeLessThan(BUCKETS)
})

test('quantiles are within a sixteenth, or half a microsecond, of the exact ones', () => {
  const shares = fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1)
  fc.assert(
    fc.property(fc.array(times, { minLength: 1, maxLength: 300 }), shares, (all, share) => {
      const counts = new Uint32Array(BUCKETS)
      for (const ms of all) {
        const bucket = bucketOf(ms)
        counts[bucket] = (counts[bucket] ?? 0) + 1
      }
      const sorted = all.toSorted((a, b) => a - b)
      const exact = sorted[Math.max(1, Math.ceil(all.length * share)) - 1] ?? NaN
      expect(Math.abs(quantileOf(counts, share) - exact)).toBeLessThanOrEqual(Math.max(0.00051, exact / 16))
    }),
    { numRuns: 500 },
  )
})

test('without times there is no quantile', () => {
  expect(quantileOf(new Uint32Array(BUCKETS), 0.5)).toBeNaN()
})
