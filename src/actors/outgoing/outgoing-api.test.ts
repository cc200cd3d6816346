import { describe, expect, test } from 'vitest'
import { CALL_RING_BYTES, readFromGuest, readToGuest } from './outgoing-api.ts'
import { Ring, RING_BYTES } from '../worker/ring.ts'

const bytes = Uint8Array.of(1, 2)
const shared = new Uint8Array(new SharedArrayBuffer(2))
const { buffer: ring } = Ring.allocate(CALL_RING_BYTES)
const rings = { request: ring, reply: ring }
const open = { type: 'open', id: 1, want: 'call', path: '/ww/0.1.0/self/root/echo', rings: undefined }

const GARBAGE: unknown[] = [
  undefined,
  null,
  7,
  'open',
  [],
  {},
  { type: 'open' },
  { type: 'unknown', id: 1 },
  { id: 1 },
  { type: 'end', id: 0.5 },
  { type: 'end', id: '1' },
  { type: 'data', id: 1 },
  ...[Number.NaN, Infinity, 0.5, 0, -1, '1'].map((credit) => ({ type: 'credit', id: 1, bytes: credit })),
  { type: 'data', id: 1, bytes: [1, 2] },
  { type: 'data', id: 1, bytes: shared },
  { type: 'credit', id: 1, bytes },
]

const rows = (values: readonly unknown[]): [unknown][] => values.map((value) => [value])

describe('a message of a guest', () => {
  test.each([
    open,
    { ...open, want: 'names', rings },
    { ...open, want: 'look' },
    { type: 'close', id: 1 },
    { type: 'data', id: 1, bytes },
    { type: 'end', id: 1 },
    { type: 'credit', id: 1, bytes: 3 },
  ])('%o is read, without what does not belong to it', (message) => {
    expect(readFromGuest({ ...message, extra: true })).toEqual(message)
  })

  test.each(
    rows([
      ...GARBAGE,
      { ...open, want: 'delete' },
      { ...open, path: 7 },
      { ...open, path: '/'.repeat(1025) },
      { ...open, rings: { request: ring } },
      { ...open, rings: { request: ring, reply: ring.slice(1) } },
      // Neither larger than agreed on, nor able to become so.
      { ...open, rings: { request: ring, reply: Ring.allocate(RING_BYTES).buffer } },
      { ...open, rings: { ...rings, reply: new SharedArrayBuffer(ring.byteLength, { maxByteLength: 2 ** 20 }) } },
      { ...open, rings: { ...rings, reply: new ArrayBuffer(ring.byteLength) } },
      { type: 'opened', id: 1 },
    ]),
  )('%o is refused', (value) => {
    expect(() => readFromGuest(value)).toThrow(TypeError)
  })
})

describe('a message for a guest', () => {
  test.each([
    { type: 'opened', id: 1 },
    { type: 'failed', id: 1, errno: 44 },
    { type: 'data', id: 1, bytes },
    { type: 'end', id: 1, errno: 0 },
    { type: 'end', id: 1, errno: 29 },
    { type: 'credit', id: 1, bytes: 3 },
    { type: 'stop', id: 1 },
  ])('%o is read, without what does not belong to it', (message) => {
    expect(readToGuest({ ...message, extra: true })).toEqual(message)
  })

  test.each(rows([...GARBAGE, open, { type: 'failed', id: 1 }, { type: 'end', id: 1 }, { type: 'close', id: 1 }]))(
    '%o is refused',
    (value) => {
      expect(() => readToGuest(value)).toThrow(TypeError)
    },
  )
})
