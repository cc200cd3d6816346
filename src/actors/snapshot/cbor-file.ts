import { decode, encode } from 'cborg'
import type { GliaError } from '../../glia/errors.ts'
import { fields, isBytes } from '../../glia/untrusted.ts'
import { mib } from '../module/cap-memory.ts'
import { sha256 } from '../module/sha256.ts'
import type { GlobalValue } from './snapshot.ts'

// Files of Glia: a CBOR map behind some bytes that say what it is. The last entry of the map is the SHA-256 of all of it
// before that entry.

/** The last entry without its 32 bytes: a text of 6 characters, and the head of a byte string. */
const HASH_ENTRY: Uint8Array<ArrayBuffer> = Uint8Array.of(0x66, ...new TextEncoder().encode('sha256'), 0x58, 32)
/** How many bytes of a file are the last entry. */
export const HASH_ENTRY_BYTES = HASH_ENTRY.length + 32
/** The head of a map with the most entries that a single byte can say. */
const LARGEST_MAP = 0xa0 + 23

/** Makes the error for a file, with words that go on after “because”. */
type Bad = (why: string, cause?: unknown) => GliaError

/** @param content At most 22 entries. */
export async function encodeFile(
  magic: Uint8Array<ArrayBuffer>,
  content: Readonly<Record<string, unknown>>,
): Promise<Blob> {
  const bytes = encode(content)
  // One entry more.
  const head = Number(bytes[0]) + 1
  if (head > LARGEST_MAP) throw new Error('a file with so many entries needs a longer head')
  bytes[0] = head
  return new Blob([magic, bytes, HASH_ENTRY, new Uint8Array(await sha256(bytes))], { type: 'application/cbor' })
}

/**
 * Reads a file whole. Nothing in it is checked but its form, and that it is as it was written. Files of older versions of
 * Glia do not say the latter. @throws {GliaError} what `bad` makes. */
export async function decodeFile(
  file: Blob,
  {
    magic,
    what,
    versions,
    maxBytes,
    bad,
  }: {
    magic: Uint8Array<ArrayBuffer>
    /** What the file should be, in words. */
    what: string
    /** Those that are read. */
    versions: readonly number[]
    /** Largest file, in bytes. */
    maxBytes: number
    bad: Bad
  },
): Promise<Record<string, unknown>> {
  if (file.size > maxBytes) throw bad(`the file has more than ${mib(maxBytes)}`)
  const bytes = new Uint8Array(await file.arrayBuffer())
  if (!magic.every((byte, i) => bytes[i] === byte)) throw bad(`the file is no ${what}`)
  const map = bytes.subarray(magic.length)
  const { sha256: hash, ...content } = fields(decoded(map, bad))
  if (hash !== undefined && !(await isAsWritten(map))) throw bad('the file was damaged or changed after it was written')
  const { version } = content
  if (!versions.some((known) => known === version))
    throw bad(
      `the file is of version ${String(version)}, and this version of Glia reads version ${versions.join(' and ')}`,
    )
  return content
}

async function isAsWritten(map: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const end = map.length - HASH_ENTRY_BYTES
  const hash = await sha256(map.subarray(0, Math.max(0, end)))
  return [...HASH_ENTRY, ...hash].every((byte, i) => map[end + i] === byte)
}

function decoded(bytes: Uint8Array, bad: Bad): unknown {
  try {
    return decode(bytes, { strict: true, rejectDuplicateMapKeys: true, allowIndefinite: false, allowUndefined: false })
  } catch (cause) {
    throw bad('the file is damaged or cut off', cause)
  }
}

/** Variables as a file has them: CBOR has no negative zero, and writes large numbers in several ways. */
export function globalsOut(globals: readonly GlobalValue[]): unknown[] {
  return globals.map(({ index, type, value }) => ({ index, type, value: bitsOf(type, value) }))
}

export function globalsIn(globals: unknown, bad: Bad): unknown {
  if (!Array.isArray(globals)) return globals
  return globals.map((one: unknown) => {
    const { index, type, value } = fields(one)
    if (!isBytes(value) || value.length !== 8) throw bad('a variable of it has no value')
    const view = new DataView(value.buffer, value.byteOffset)
    return { index, type, value: type === 'i64' ? view.getBigInt64(0) : view.getFloat64(0) }
  })
}

function bitsOf(type: string, value: number | bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(8))
  if (type === 'i64') view.setBigInt64(0, BigInt(value))
  else view.setFloat64(0, Number(value))
  return new Uint8Array(view.buffer)
}
