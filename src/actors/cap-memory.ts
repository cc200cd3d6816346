import { BinaryReader } from './binary-reader.ts'
import { LIMIT_HAS_MAX, MEMORY } from './module-sections.ts'

/** Unit of memory in WebAssembly, in bytes. */
export const PAGE_BYTES = 65_536

const MiB = 1024 * 1024

const HEADER_BYTES = 8

/**
 * The module with a maximum for its memory, so that the engine itself refuses to grow it further (FACTS 2.7). What is no
 * module, or has no memory that can be limited so, comes back as it is: look at the result.
 * @param maxBytes Largest memory, in bytes; a part of a page does not count.
 */
export function capMemory(bytes: Uint8Array<ArrayBuffer>, maxBytes: number): Uint8Array<ArrayBuffer> {
  try {
    return rewrite(bytes, Math.floor(maxBytes / PAGE_BYTES))
  } catch {
    return bytes // cut off: what compiles it says so
  }
}

function rewrite(bytes: Uint8Array<ArrayBuffer>, maxPages: number): Uint8Array<ArrayBuffer> {
  const reader = new BinaryReader(bytes, HEADER_BYTES)
  while (!reader.done) {
    const start = reader.position
    const id = reader.byte()
    const section = reader.section(reader.unsigned())
    if (id !== MEMORY) continue
    const limits = section.unsigned() === 1 ? cappedLimits(section, maxPages) : undefined
    if (!limits) return bytes
    const content = [1, ...limits]
    return joined(
      bytes.subarray(0, start),
      [MEMORY, ...leb(content.length), ...content],
      bytes.subarray(reader.position),
    )
  }
  return bytes
}

/** The limits of a memory with the maximum; undefined if they are to stay, or are of a kind that is not known here. */
function cappedLimits(section: BinaryReader, maxPages: number): number[] | undefined {
  const flags = section.byte()
  if (flags > LIMIT_HAS_MAX) return undefined
  const initialPages = section.unsigned()
  const ownMaximum = flags === LIMIT_HAS_MAX ? section.unsigned() : Infinity
  if (ownMaximum <= maxPages || initialPages > maxPages) return undefined
  return [LIMIT_HAS_MAX, ...leb(initialPages), ...leb(maxPages)]
}

/** A size of memory as a person reads it. */
export function mib(bytes: number): string {
  return `${Math.round((bytes / MiB) * 10) / 10} MiB`
}

/** An unsigned number as LEB128. */
function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)]
}

function joined(before: Uint8Array, between: readonly number[], after: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(before.length + between.length + after.length)
  whole.set(before)
  whole.set(between, before.length)
  whole.set(after, before.length + between.length)
  return whole
}
