import fc from 'fast-check'
import { HOSTILE_JSON, type Mutation } from '../test-mutations.ts'
import { Batch } from './batch.ts'
import { FRAME, MAX_HEAD_BYTES } from './frames.ts'
import { Cursor, varintSize } from './varint.ts'

/** A frame taken apart, so that one part of it can be changed while all else stays valid. */
interface Parts {
  first: number
  id: number
  /** The head of OPEN, or the JSON of FAIL. */
  json: Uint8Array | undefined
  /** The number of CREDIT. */
  number: number | undefined
  rest: Uint8Array
}

type Change = (parts: Parts) => Parts

const KEYS = ['to', 'deadlineMs', 'expectedBytes', 'trace', 'client', 'chain', 'for', 'code', 'exactly', 'message']
const MORE_KEYS = [
  'exitCode',
  'accepted',
  'key',
  'peer',
  'process',
  'failedCall',
  'stderr',
  '__proto__',
  'constructor',
  'toString',
  'then',
  'toJSON',
  'length',
]
const VALUES: unknown[] = [
  null,
  true,
  0,
  -1,
  1,
  1.5,
  2 ** 31,
  2 ** 53,
  1e308,
  '',
  'ERR_EXITED',
  '__proto__',
  'x'.repeat(129),
  'x'.repeat(3000),
  '\ud800',
  [],
  ['a/b', 'a/b'],
  Array.from({ length: 40 }, () => 'a/b'),
  Array.from({ length: 65 }, () => 'a/b'),
  ['12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'],
  {},
  { length: 1, 0: 'x' },
  { code: 'ERR_FUTURE', peer: 1, process: 'x', failedCall: { code: {}, failedCall: [] } },
  Array.from({ length: 100 }).reduce((inner) => ({ code: 'ERR_EXITED', exitCode: 1e9, failedCall: inner }), {}),
]
const IDS = [0, 1, 2, 3, 127, 128, 2 ** 32, 2 ** 49 - 1]
const AMOUNTS = [0, 1, 16_384, 2 ** 32, 2 ** 40, 2 ** 49 - 1]

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.nat(255).map((first) => (parts: Parts) => ({ ...parts, first })),
  fc.constantFrom(...IDS).map((id) => (parts: Parts) => ({ ...parts, id })),
  fc.constantFrom(...AMOUNTS).map((number) => (parts: Parts) => ({ ...parts, number })),
  fc.constantFrom(...HOSTILE_JSON).map((json) => (parts: Parts) => (parts.json ? { ...parts, json } : parts)),
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(...KEYS, ...MORE_KEYS), fc.constantFrom(...VALUES))
      .map(([key, value]) => (parts: Parts) => ({ ...parts, json: parts.json && withKey(parts.json, key, value) })),
  },
  fc.constantFrom(0, 1, 16_384, 16_385).map((size) => (parts: Parts) => ({ ...parts, rest: new Uint8Array(size) })),
)

/** Changes one part of a frame. A frame that cannot be taken apart stays as it is. */
export const frameChanges: fc.Arbitrary<Mutation> = fc.tuple(fc.nat(65_535), change).map(([which, changed]) => {
  return (frames) => frames.map((frame, i) => (i === which % frames.length ? changeFrame(frame, changed) : frame))
})

function changeFrame(frame: Uint8Array, changed: Change): Uint8Array {
  let parts: Parts
  try {
    parts = takeApart(frame)
  } catch {
    return frame
  }
  return putTogether(changed(parts))
}

function takeApart(frame: Uint8Array): Parts {
  const cursor = new Cursor(frame)
  const first = cursor.byte()
  const id = cursor.varint()
  const type = first & 0x0f
  const json = type === FRAME.OPEN ? cursor.take(cursor.varint()) : type === FRAME.FAIL ? cursor.rest() : undefined
  return { first, id, json, number: type === FRAME.CREDIT ? cursor.varint() : undefined, rest: cursor.rest() }
}

function putTogether({ first, id, json, number, rest }: Parts): Uint8Array {
  const batch = new Batch(3 * MAX_HEAD_BYTES + 40_000)
  batch.bytes(Uint8Array.of(first))
  batch.varint(id)
  if (json && varintSize(json.length) + json.length + rest.length < 3 * MAX_HEAD_BYTES + 20_000) {
    if ((first & 0x0f) === FRAME.OPEN) batch.varint(json.length)
    batch.bytes(json)
  }
  if (number !== undefined) batch.varint(number)
  batch.bytes(rest)
  return batch.take()
}

/** Not by assignment: `__proto__` is to be a key. */
function withKey(json: Uint8Array, key: string, value: unknown): Uint8Array {
  const entry = `${JSON.stringify(key)}:${JSON.stringify(value)}`
  const text = new TextDecoder().decode(json)
  return new TextEncoder().encode(text === '{}' ? `{${entry}}` : text.replace(/\}$/, `,${entry}}`))
}
