import { expect, test } from 'vitest'
import { DEFAULT_POLICY } from '../glia/policy.ts'
import { callWords, limitWords, memoryWords } from './policy-words.ts'

const KiB = 1024
const MiB = 1024 * KiB

test('who may call, and whom', () => {
  expect(callWords(DEFAULT_POLICY)).toBe('Anyone on the mesh may call it. It may call nobody.')
  expect(callWords({ callers: 'browser', call: true })).toBe('Only this browser may call it. It may call others.')
  expect(callWords({ callers: ['a'], call: false })).toContain('This browser and one peer may call it.')
  expect(callWords({ callers: ['a', 'b'], call: false })).toContain('2 peers')
  expect(callWords({ callers: [], call: false })).toContain('Only this browser')
})

test('limits', () => {
  expect(limitWords(DEFAULT_POLICY)).toEqual([
    '30 s for a message, 256 MiB of memory.',
    'Messages up to 64 MiB, replies up to 1 GiB, 64 waiting.',
    'Files in /data up to 64 MiB, 128 open at once.',
  ])
  const words = limitWords({ ...DEFAULT_POLICY, call: true, evict: true, deadlineMs: 1500 }).join(' ')
  expect(words).toContain('1.5 s for a message')
  expect(words).toContain('16 calls to others at once')
  expect(words).toContain('make room')
})

test.each<[number, number | undefined, string]>([
  [0, 0, 'none'],
  [64 * KiB, 64 * KiB, '64 KiB, and no more'],
  [64 * KiB, undefined, '64 KiB at its start, and no limit of its own; the cap is 256 MiB'],
  [17 * MiB, 32 * MiB, '17 MiB at its start, 32 MiB at most'],
  [17 * MiB, 1024 * MiB, '17 MiB at its start, 1 GiB at most; the cap is 256 MiB'],
])('memory of %i to %s bytes', (start, max, words) => {
  expect(memoryWords(start, max, 256 * MiB)).toBe(words)
})

test('a cap that is not known is not told', () => {
  expect(memoryWords(64 * KiB, undefined, undefined)).toBe('64 KiB at its start, and no limit of its own')
})
