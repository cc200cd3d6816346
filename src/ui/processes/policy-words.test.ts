import { expect, test } from 'vitest'
import { DEFAULT_POLICY, type Policy } from '../../glia/process/policy.ts'
import { callWords, limitWords, memoryWords, shortCallersWords } from './policy-words.ts'

const KiB = 1024
const MiB = 1024 * KiB

test('who may call, and whom', () => {
  const words = (policy: Partial<Policy>): string => callWords({ ...DEFAULT_POLICY, ...policy })
  expect(words({})).toBe('Whoever has the address may call it. It is listed to nobody. It may call nobody.')
  expect(words({ listed: true })).toContain('Everybody may call it: it is listed to other peers.')
  expect(words({ callers: 'browser', call: 'owner' })).toBe(
    'Only this browser may call it. It may call others as this browser, whoever calls it.',
  )
  expect(words({ call: 'caller' })).toContain('It may call others with the rights of who calls it.')
  expect(words({ callers: ['a'] })).toContain('This browser and one peer may call it.')
  expect(words({ callers: ['a', 'b'], listed: true })).toContain('2 peers may call it, and see it listed.')
  expect(words({ callers: [] })).toContain('Only this browser')
  expect(words({ http: ['https://a.example'] })).toContain('It may send HTTP requests to https://a.example.')
  expect(words({ http: ['https://a.example', 'http://b.example'] })).toContain('requests to 2 servers.')
})

test('who may call, short enough for a row', () => {
  const words = (policy: Partial<Policy>): string => shortCallersWords({ ...DEFAULT_POLICY, ...policy })
  expect(words({})).toBe('whoever has the address')
  expect(words({ listed: true })).toBe('listed to all')
  expect(words({ callers: 'browser' })).toBe('this browser')
  expect(words({ callers: ['a', 'b'] })).toBe('2 peers')
})

test('limits', () => {
  expect(limitWords(DEFAULT_POLICY)).toEqual([
    '30 s for a message, 256 MiB of memory.',
    'Messages up to 64 MiB, replies up to 1 GiB, 64 waiting.',
    'Files in /data up to 64 MiB, in /tmp up to 64 MiB, 128 open at once.',
  ])
  const words = limitWords({ ...DEFAULT_POLICY, call: 'owner', evict: true, deadlineMs: 1500 }).join(' ')
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
