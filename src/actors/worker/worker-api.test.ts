import { describe, expect, test } from 'vitest'
import { readCount, readFromWorker, readServeEnd, readToWorker } from './worker-api.ts'

const bytes = Uint8Array.of(1, 2)
const shared = new Uint8Array(new SharedArrayBuffer(2))
const done = {
  type: 'done',
  id: 1,
  status: 0,
  code: 0,
  memoryBytes: 65_536,
  tmpBytes: 4096,
  instanceGone: false,
  fileReports: 2,
}

const GARBAGE: unknown[] = [
  undefined,
  null,
  7,
  'call',
  [],
  {},
  { type: 'call' },
  { type: 'end' },
  { type: 'cancel', id: '1' },
  { type: 'unknown', id: 1 },
  { id: 1 },
  { type: 'data', id: 1 },
  { type: 'data', id: 1, bytes: [1, 2] },
  { type: 'data', id: 1, bytes: bytes.buffer },
  { type: 'data', id: 1, bytes: shared },
  { type: 'data', id: '1', bytes },
  { type: 'credit', id: 1, bytes },
]

describe('a message to a worker', () => {
  test.each([
    { type: 'call', id: 1, method: 0 },
    { type: 'data', id: 1, bytes },
    { type: 'end', id: 1 },
    { type: 'abort', id: 1 },
    { type: 'cancel', id: 1 },
    { type: 'credit', id: 1, bytes: 3 },
  ])('%o is read, without what does not belong to it', (message) => {
    expect(readToWorker({ ...message, extra: true })).toEqual(message)
  })

  test.each([...GARBAGE, { type: 'call', id: 1, method: 'run' }, done].map((value) => [value]))(
    '%o is refused',
    (value) => {
      expect(() => readToWorker(value)).toThrow(TypeError)
    },
  )
})

describe('a message from a worker', () => {
  test.each([
    { type: 'data', id: 1, bytes },
    { type: 'credit', id: 1, bytes: 3 },
    { type: 'cancel', id: 1 },
    { type: 'end', id: 1 },
    { type: 'stderr', bytes },
    done,
  ])('%o is read, without what does not belong to it', (message) => {
    expect(readFromWorker({ ...message, extra: true })).toEqual(message)
  })

  test.each(
    [
      ...GARBAGE,
      { ...done, status: 9 },
      { ...done, code: '0' },
      { ...done, memoryBytes: undefined },
      { ...done, fileReports: undefined },
      { ...done, tmpBytes: undefined },
      { type: 'stderr', bytes: 'oops' },
      { type: 'call', id: 1, method: 0 },
    ].map((value) => [value]),
  )('%o is refused', (value) => {
    expect(() => readFromWorker(value)).toThrow(TypeError)
  })
})

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
