import { describe, expect, test } from 'vitest'
import { readCount, readServeEnd } from './worker-api.ts'

const GARBAGE: unknown[] = [undefined, null, 7, 'exited', [], {}, { code: 1 }, { reason: 'unknown' }]

describe('the end of a serving', () => {
  const trapped = { reason: 'trapped', message: 'unreachable', frames: ['in run at 0x4f'] }

  test.each([{ reason: 'exited', code: 3 }, { reason: 'paused' }, trapped, { ...trapped, frames: [] }])(
    '%o is read, without what does not belong to it',
    (end) => {
      expect(readServeEnd({ ...end, extra: true })).toEqual(end)
    },
  )

  test.each(
    [
      ...GARBAGE,
      { reason: 'exited' },
      { reason: 'exited', code: '3' },
      { reason: 'left', code: 3 },
      { ...trapped, message: undefined },
      { ...trapped, message: { toString: 'x' } },
      { ...trapped, frames: undefined },
      { ...trapped, frames: 'in run' },
      { ...trapped, frames: ['in run', 7] },
    ].map((value) => [value]),
  )('%o is refused', (value) => {
    expect(() => readServeEnd(value)).toThrow(TypeError)
  })
})

test('a number that a worker answers with is one', () => {
  expect([readCount(0), readCount(65_536)]).toEqual([0, 65_536])
  for (const value of [undefined, '1', -1, Number.NaN, 1.5, Infinity]) {
    expect(() => readCount(value)).toThrow(TypeError)
  }
})
