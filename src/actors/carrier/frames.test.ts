import { describe, expect, test } from 'vitest'
import { guestFrame, MAX_PATH, readFrameOfPage, readFrameOfWorker } from './frames.ts'
import { Ring, RING_BYTES } from './ring.ts'
import { CALL_RING_BYTES } from './ring-carrier.ts'

const bytes = Uint8Array.of(1, 2)
const shared = new Uint8Array(new SharedArrayBuffer(2))
const { buffer: ring } = Ring.allocate(CALL_RING_BYTES)
const rings = { request: ring, reply: ring }
const open = { type: 'open', id: 1, want: 'call', path: '/ww/0.1.0/self/root/echo', rings: undefined } as const
const run = { type: 'run', method: 0, again: false } as const
const log = { type: 'log', bytes } as const
const done = {
  type: 'done',
  status: 0,
  code: -7,
  memoryBytes: 65_536,
  tmpBytes: 4096,
  instanceGone: false,
  fileReports: 2,
  synced: false,
} as const

const OF_CALLS = [
  { type: 'data', id: 1, bytes },
  { type: 'data', id: 0, bytes },
  { type: 'credit', id: 1, bytes: 3 },
  { type: 'stop', id: 1 },
  { type: 'end', id: 1, errno: 0 },
  { type: 'end', id: 1, errno: 29 },
  { type: 'fail', id: 1, errno: 44 },
] as const
const OF_PAGE = [run, { ...run, again: true }]
const OF_WORKER = [open, { ...open, want: 'names', rings }, { ...open, want: 'look' }, log, done]

describe.each([
  ['page', readFrameOfPage, OF_PAGE, OF_WORKER],
  ['worker', readFrameOfWorker, OF_WORKER, OF_PAGE],
] as const)('of a %s', (_, read, own, others) => {
  test.each([...OF_CALLS, ...own])('%o is read, without what does not belong to it', (frame) => {
    expect(read({ ...frame, extra: true })).toEqual(frame)
  })

  test.each([...garbage(), ...others].map((value) => [value]))('%o is refused', (value) => {
    expect(() => read(value)).toThrow(TypeError)
  })
})

function garbage(): unknown[] {
  return [
    undefined,
    null,
    7,
    'open',
    [],
    {},
    { type: 'unknown', id: 1 },
    { id: 1 },
    { type: 'open' },
    { ...open, id: 0 },
    { ...open, id: -1 },
    { ...open, want: 'delete' },
    { ...open, path: 7 },
    { ...open, path: '/'.repeat(MAX_PATH + 1) },
    { ...open, rings: { request: ring } },
    { ...open, rings: { request: ring, reply: ring.slice(1) } },
    // Neither larger than agreed on, nor able to become so.
    { ...open, rings: { request: ring, reply: Ring.allocate(RING_BYTES).buffer } },
    { ...open, rings: { ...rings, reply: new SharedArrayBuffer(ring.byteLength, { maxByteLength: 2 ** 20 }) } },
    { ...open, rings: { ...rings, reply: new ArrayBuffer(ring.byteLength) } },
    { type: 'run' },
    { ...run, method: 'run' },
    { ...run, again: undefined },
    { type: 'stop' },
    { type: 'stop', id: '1' },
    { type: 'stop', id: 0.5 },
    { type: 'end', id: 1 },
    { type: 'fail', id: 1, errno: -1 },
    { type: 'fail', id: 1, errno: '44' },
    { type: 'data', id: 1 },
    { type: 'data', id: '1', bytes },
    { type: 'data', id: 1, bytes: [1, 2] },
    { type: 'data', id: 1, bytes: bytes.buffer },
    { type: 'data', id: 1, bytes: shared },
    ...[Number.NaN, Infinity, 0.5, 0, -1, '1', bytes].map((credit) => ({ type: 'credit', id: 1, bytes: credit })),
    { type: 'log', bytes: 'oops' },
    { ...done, status: 9 },
    { ...done, code: '0' },
    { ...done, memoryBytes: undefined },
    { ...done, fileReports: undefined },
    { ...done, synced: 1 },
    { ...done, tmpBytes: undefined },
    { ...done, instanceGone: undefined },
  ]
}

describe('about the calls of a guest', () => {
  test('are its openings and what is said of them', () => {
    const stop = { type: 'stop', id: 1 } as const
    expect([guestFrame(open), guestFrame(stop)]).toEqual([open, stop])
  })

  test.each([log, done, { type: 'stop', id: 0 } as const])('is not %o', (frame) => {
    expect(() => guestFrame(frame)).toThrow(TypeError)
  })
})
