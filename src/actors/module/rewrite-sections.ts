import { BinaryReader } from './binary-reader.ts'

const HEADER_BYTES = 8

/** Gives the new content of a section; undefined keeps it. */
export type RewriteSection = (id: number, section: BinaryReader) => ArrayLike<number> | 'removed' | undefined

/**
 * A module with new contents of some sections; the same bytes if none changes.
 * @throws {RangeError} if a section is cut off.
 */
export function rewriteSections(bytes: Uint8Array<ArrayBuffer>, rewrite: RewriteSection): Uint8Array<ArrayBuffer> {
  const reader = new BinaryReader(bytes, HEADER_BYTES)
  const parts: Uint8Array[] = []
  let taken = 0
  while (!reader.done) {
    const start = reader.position
    const id = reader.byte()
    const content = rewrite(id, reader.section(reader.unsigned()))
    if (content === undefined) continue
    parts.push(bytes.subarray(taken, start))
    if (content !== 'removed') parts.push(Uint8Array.from([id, ...leb(content.length)]), Uint8Array.from(content))
    taken = reader.position
  }
  return taken === 0 ? bytes : joined([...parts, bytes.subarray(taken)])
}

/** An unsigned number of up to 32 bits as LEB128. */
export function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)]
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
