import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { MAX_SUSPECTS, SUSPICION_MS } from '../call-limits.ts'
import { Suspects } from './suspects.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

test('a caller is suspect for a minute after it was too slow last, and no other is', () => {
  const suspects = new Suspects()
  suspects.add({ peer: 'gateway', client: 'slow' })
  vi.advanceTimersByTime(SUSPICION_MS / 2)
  suspects.add({ peer: 'gateway', client: 'slow' })
  vi.advanceTimersByTime(SUSPICION_MS - 1)
  expect(suspects.has({ peer: 'gateway', client: 'slow' })).toBe(true)
  expect(suspects.has({ peer: 'gateway', client: 'other' })).toBe(false)
  expect(suspects.has({ peer: 'gateway', client: '' })).toBe(false)
  vi.advanceTimersByTime(1)
  expect(suspects.has({ peer: 'gateway', client: 'slow' })).toBe(false)
})

test('only so many are remembered: the oldest are forgotten', () => {
  const suspects = new Suspects()
  for (let i = 0; i <= MAX_SUSPECTS; i++) suspects.add({ peer: `peer ${i}`, client: '' })
  expect([0, 1, MAX_SUSPECTS].map((i) => suspects.has({ peer: `peer ${i}`, client: '' }))).toEqual([false, true, true])
})
