import { expect, test } from 'vitest'
import { ROSTER_PROTOCOL } from '../limits.ts'
import { plainClient } from '../test-nodes.ts'
import { readAnnouncement } from './announcement.ts'
import { type Field, FieldSplitter } from './fields.ts'
import {
  FOUND,
  GONE,
  HERE,
  NAME,
  NAMED,
  readCount,
  readName,
  readNamed,
  readPeer,
  ROOM,
  TOTAL,
  UNKNOWN,
  WANTED,
} from './roster-wire.ts'
import vectors from './roster-vectors.json' with { type: 'json' }
import { liar, rosterServer } from './test-rosters.ts'

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))

const NAMES = new Map([
  [HERE, 'HERE'],
  [GONE, 'GONE'],
  [TOTAL, 'TOTAL'],
  [WANTED, 'WANTED'],
  [FOUND, 'FOUND'],
  [UNKNOWN, 'UNKNOWN'],
  [NAME, 'NAME'],
  [NAMED, 'NAMED'],
  [ROOM, 'ROOM'],
])

/** A field as it stands in the vectors; undefined if its tag is not known. */
function readable({ tag, bytes }: Field): unknown {
  const type = NAMES.get(tag)
  if (type === undefined) return undefined
  if (type === 'TOTAL' || type === 'ROOM') return { type, count: readCount(bytes) }
  if (type === 'NAME') return { type, name: readName(bytes) }
  if (type === 'NAMED') return { type, ...readNamed(bytes) }
  if (type !== 'HERE' && type !== 'FOUND') return { type, peer: readPeer(bytes) }
  const { id, addresses } = readAnnouncement(bytes)
  return { type, peer: id.toString(), addresses: addresses.map(String) }
}

test.each(vectors.valid)('$name is read as the specification says, in whatever pieces it comes', (vector) => {
  const bytes = bytesOf(vector.bytes)
  const field = 'field' in vector ? vector.field : undefined
  expect(new FieldSplitter().push(bytes).map(readable)).toEqual([field])
  const splitter = new FieldSplitter()
  expect([...bytes].flatMap((byte) => splitter.push(Uint8Array.of(byte))).map(readable)).toEqual([field])
})

test.each([...vectors.invalid, ...vectors.invalidFromPeer])('$name from a peer ends its stream', async ({ bytes }) => {
  const { door, roster } = await rosterServer()
  const stream = await (await (await plainClient()).dial(door)).newStream(ROSTER_PROTOCOL)
  const ended = new Promise((resolve) => stream.addEventListener('close', resolve, { once: true }))
  stream.send(bytesOf(bytes))
  await ended
  expect([stream.status, roster.size]).toEqual(['reset', 0])
})

test.each([...vectors.invalid, ...vectors.invalidFromRelay])(
  '$name from a relay ends its stream',
  async ({ bytes }) => {
    const { known, ended } = await liar((stream) => void stream.send(bytesOf(bytes)))
    await ended
    expect(known.size).toBe(0)
  },
)
