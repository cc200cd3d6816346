import { expect, test } from 'vitest'
import { Backoff } from './backoff.ts'

test('waits double up to the last, each shortened by a third at most', () => {
  const backoff = new Backoff({ first: 100, last: 350 })
  for (const longest of [100, 200, 350, 350]) {
    const ms = backoff.next()
    expect(ms).toBeLessThanOrEqual(longest)
    expect(ms).toBeGreaterThanOrEqual((longest * 2) / 3)
  }
})

test('they begin again after a reset, and no two are alike', () => {
  const backoff = new Backoff({ first: 100, last: 1000 })
  const first = backoff.next()
  backoff.reset()
  const again = backoff.next()
  expect(again).toBeLessThanOrEqual(100)
  expect(again).not.toBe(first)
})
