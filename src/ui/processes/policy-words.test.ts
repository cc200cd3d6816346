import { expect, test } from 'vitest'
import { DEFAULT_POLICY, type Policy } from '../../glia/process/policy.ts'
import { callWords, isOpenToAnyone, limitWords, memoryWords, shortCallersWords } from './policy-words.ts'

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

const CALLED_BY_ANYONE = { callers: 'anyone' } as const
const CALLED_BY_BROWSER = { callers: 'browser' } as const

test.each<[string, Partial<Policy>, { whole: string; row: string; isOpen: boolean }]>([
  [
    'a method that is more open',
    { callers: 'browser', methods: { increment: CALLED_BY_ANYONE } },
    {
      whole: 'Only this browser may call it. Its method increment has other callers: whoever has the address.',
      row: 'this browser; others for increment',
      isOpen: true,
    },
  ],
  [
    'a method that is less open',
    { methods: { increment: CALLED_BY_BROWSER } },
    {
      whole:
        'Whoever has the address may call it. It is listed to nobody. Its method increment has other callers: this browser.',
      row: 'whoever has the address; others for increment',
      isOpen: true,
    },
  ],
  [
    'all methods less open',
    { methods: { increment: CALLED_BY_BROWSER, count: { callers: ['a'] } } },
    {
      whole: 'Whoever has the address may call it. It is listed to nobody. 2 of its methods have other callers.',
      row: 'whoever has the address; others for 2 methods',
      isOpen: false,
    },
  ],
  [
    'callers of its own that are the same',
    { callers: ['a', 'b'], methods: { increment: { callers: ['b', 'a'] } } },
    { whole: 'This browser and 2 peers may call it.', row: '2 peers', isOpen: false },
  ],
])('who may call: %s', (_what, changes, { whole, row, isOpen }) => {
  const policy = { ...DEFAULT_POLICY, ...changes }
  expect(callWords(policy)).toBe(`${whole} It may call nobody.`)
  expect(shortCallersWords(policy)).toBe(row)
  expect(isOpenToAnyone(policy, ['count', 'increment'])).toBe(isOpen)
})

test('who may call one method', () => {
  const policy = {
    ...DEFAULT_POLICY,
    callers: ['a'],
    methods: { increment: CALLED_BY_ANYONE, reset: CALLED_BY_BROWSER },
  }
  expect(callWords(policy, 'increment')).toBe('Whoever has the address may call increment. It may call nobody.')
  expect(callWords(policy, 'reset')).toBe('Only this browser may call reset. It may call nobody.')
  expect(callWords(policy, 'count')).toBe('This browser and one peer may call count. It may call nobody.')
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
