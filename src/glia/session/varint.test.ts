import { expect, test } from 'vitest'
import { Cursor, varintSize, writeVarint } from './varint.ts'

test.each([
  [0, 1],
  [1, 1],
  [127, 1],
  [128, 2],
  [16_383, 2],
  [16_384, 3],
  [2 ** 31, 5],
  [2 ** 32 + 1, 5],
  [2 ** 49 - 1, 7],
])('%i is written in %i bytes and read again', (value, size) => {
  const bytes = new Uint8Array(size)
  expect([varintSize(value), writeVarint(value, bytes, 0)]).toEqual([size, size])
  expect(new Cursor(bytes).varint()).toBe(value)
})
