import { expect, test } from 'vitest'
import { Rate } from './rate.ts'

test('a rate lets a burst through, then what comes in time', () => {
  const rate = new Rate({ perSecond: 10, burst: 3 })
  expect([0, 0, 0, 0].map((now) => rate.admits('a', now))).toEqual([true, true, true, false])
  expect(rate.admits('b', 0)).toBe(true)
  expect([100, 100].map((now) => rate.admits('a', now))).toEqual([true, false])
  expect([9000, 9000, 9000, 9000].map((now) => rate.admits('a', now))).toEqual([true, true, true, false])
})

test('some may have a multiple of the rate', () => {
  const rate = new Rate({ perSecond: 1, burst: 1 })
  expect([0, 0, 0].map((now) => rate.admits('a', now, 2))).toEqual([true, true, false])
  expect([1000, 1000, 1000].map((now) => rate.admits('a', now, 2))).toEqual([true, true, false])
})
