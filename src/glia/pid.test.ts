import { base58btc } from 'multiformats/bases/base58'
import { expect, test } from 'vitest'
import { isPid, newPid, parsePid } from './pid.ts'

const encode = (length: number, fill: number): string => base58btc.baseEncode(new Uint8Array(length).fill(fill))

test('a new PID is 20 bytes in base58btc, and never the same twice', () => {
  const pids = Array.from({ length: 100 }, newPid)
  expect(new Set(pids).size).toBe(100)
  for (const pid of pids) {
    expect(base58btc.baseDecode(pid)).toHaveLength(20)
    expect(parsePid(pid)).toBe(pid)
  }
})

test.each([
  ['the smallest', encode(20, 0x00)],
  ['the largest', encode(20, 0xff)],
])('%s PID is one', (_, text) => {
  expect(isPid(text)).toBe(true)
})

test.each([
  ['nothing', ''],
  ['19 bytes', encode(19, 0xff)],
  ['21 bytes', encode(21, 0xff)],
  ['21 bytes that are short as text', encode(21, 0x00)],
  ['a letter outside base58', `${encode(20, 0xff).slice(1)}0`],
  ['a multibase prefix', `z${encode(20, 0xff)}`],
  ['white space', ` ${encode(20, 0x7f)}`],
  ['an alias', 'root'],
])('%s is no PID', (_, text) => {
  expect(isPid(text)).toBe(false)
  expect(() => parsePid(text)).toThrow(expect.objectContaining({ code: 'ERR_BAD_ADDRESS' }))
})
