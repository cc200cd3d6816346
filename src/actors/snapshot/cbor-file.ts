import { decode, encode } from 'cborg'
import type { GliaError } from '../../glia/errors.ts'
import { fields, isBytes } from '../../glia/untrusted.ts'
import { mib } from '../module/cap-memory.ts'
import type { GlobalValue } from './snapshot.ts'

// Files of Glia: a CBOR map behind some bytes that say what it is.

/** Makes the error for a file, with words that go on after “because”. */
type Bad = (why: string, cause?: unknown) => GliaError

export function encodeFile(magic: Uint8Array<ArrayBuffer>, content: Readonly<Record<string, unknown>>): Blob {
  return new Blob([magic, encode(content)], { type: 'application/cbor' })
}

/** Reads a file whole. Nothing in it is checked but its form. @throws {GliaError} what `bad` makes. */
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
  const content = fields(decoded(bytes.subarray(magic.length), bad))
  const { version } = content
  if (!versions.some((known) => known === version))
    throw bad(
      `the file is of version ${String(version)}, and this version of Glia reads version ${versions.join(' and ')}`,
    )
  return content
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
