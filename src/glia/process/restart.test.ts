import { expect, test } from 'vitest'
import { DEFAULT_RESTART, makeRestart } from './restart.ts'

test('nothing given is a permanent process that comes back five times a minute, whatever its remote callers do', () => {
  expect(makeRestart()).toEqual({ type: 'permanent', intensity: 5, periodMs: 60_000, counts: 'browser' })
})

test('a type alone is enough, and what is given stands', () => {
  expect(makeRestart('temporary')).toEqual({ ...DEFAULT_RESTART, type: 'temporary' })
  const given = { type: 'transient', intensity: 0, periodMs: 1, counts: 'anyone' } as const
  expect(makeRestart(given)).toEqual(given)
  expect(makeRestart({ intensity: 9, type: undefined })).toEqual({ ...DEFAULT_RESTART, intensity: 9 })
})

test.each([
  ['restart', 'always'],
  ['restart', null],
  ['restart', 5],
  ['restart.type', { type: 'always' }],
  ['restart.intensity', { intensity: -1 }],
  ['restart.intensity', { intensity: 1.5 }],
  ['restart.intensity', { intensity: 10_001 }],
  ['restart.intensity', { intensity: '5' }],
  ['restart.periodMs', { periodMs: 0 }],
  ['restart.periodMs', { periodMs: Infinity }],
  ['restart.counts', { counts: 'nobody' }],
  ['restart.period', { period: 1000 }],
])('what is wrong with %s is said by its name: %o', (named, given) => {
  expect(() => makeRestart(given)).toThrow(
    expect.objectContaining({ code: 'ERR_BAD_REQUEST', message: expect.stringContaining(`${named}:`) as unknown }),
  )
})
