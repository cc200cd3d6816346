import { readdir, readFile } from 'node:fs/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { formatWhole } from './whole-moment.ts'
import { describe, expect, test } from 'vitest'
import {
  formatBytes,
  formatCount,
  formatMs,
  formatSpan,
  shortId,
  formatBinary,
  formatClock,
  formatMoment,
} from './format.ts'

describe('bytes', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [9_940, '9.9 kB'],
    [9_960, '10 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [67_108_864, '67 MB'],
    [undefined, '–'],
  ])('%s reads %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))
})

describe('times', () => {
  test.each([
    [0.04, '0.04 ms'],
    [1.25, '1.3 ms'],
    [12.4, '12 ms'],
    [999.6, '1.0 s'],
    [30_250, '30.3 s'],
    [undefined, '–'],
  ])('%s ms reads %s', (ms, text) => expect(formatMs(ms)).toBe(text))
})

test.each([
  [-5, '1 s'],
  [8999, '8 s'],
  [60_000, '1 min'],
  [3_599_999, '59 min'],
  [7_200_000, '2 h'],
  [200_000_000, '2 d'],
])('a span of %s ms reads %s', (ms, text) => expect(formatSpan(ms)).toBe(text))

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [1204, '1,204'],
  [1234567, '1,234,567'],
  [0.25, '0.25'],
  [-1204, '-1,204'],
])('a count of %s reads %s', (count, text) => expect(formatCount(count)).toBe(text))

test('of ids the end is shown, since all peer ids of a kind begin with the same characters', async () => {
  expect(shortId('12D3KooWQnbwAQ2xCTmehvi5TD42MLDfyFZPvo34kq5aXtbvbSLA')).toBe('…bvbSLA')
  expect(shortId('root')).toBe('root')
  const keys = await Promise.all(Array.from({ length: 200 }, () => generateKeyPair('Ed25519')))
  const ids = keys.map((key) => peerIdFromPrivateKey(key).toString())
  expect(new Set(ids.map((id) => id.slice(0, 4))).size).toBe(1)
  expect(new Set(ids.map(shortId)).size).toBe(200)
})

test.each([
  [0, '0 KiB'],
  [65_536, '64 KiB'],
  [1_572_864, '1.5 MiB'],
  [268_435_456, '256 MiB'],
  [4_294_967_296, '4 GiB'],
])('%i bytes of memory read %s', (bytes, text) => expect(formatBinary(bytes)).toBe(text))

test('a moment of another day has its date', () => {
  const at = new Date(2026, 10, 22, 12, 4, 31).getTime()
  expect(formatMoment(at, at + 1000)).toBe('12:04:31')
  expect(formatMoment(new Date(2026, 10, 22, 0, 0, 5).getTime(), at)).toBe('00:00:05')
  expect(formatMoment(at, at + 86_400_000)).toBe('22 Nov, 12:04')
  expect(formatClock(at, at - 1000)).toBe('12:04')
  expect(formatClock(at, at - 86_400_000)).toBe('22 Nov, 12:04')
  expect(formatWhole(at)).toBe('22 Nov 2026, 12:04:31')
})

test('no view writes times in the style of the browser', async () => {
  const root = new URL('../', import.meta.url)
  const names = (await readdir(root, { recursive: true })).filter((name) => /(?<!\.test)\.tsx?$/.test(name))
  const texts = await Promise.all(
    names.map(async (name) => [name, await readFile(new URL(name, root), 'utf8')] as const),
  )
  expect(texts.filter(([, text]) => /toLocale\w*\(\)/.test(text)).map(([name]) => name)).toEqual([])
})
