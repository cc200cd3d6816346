import { body, type Bytes, UNREACHABLE } from './wasm.ts'

const FUNCTION = 3
const CODE = 10

/** `i32.const`, a number of five bytes, `drop`: the added functions consist of these. */
const STEP: Bytes = [0x41, 0xff, 0xff, 0xff, 0xff, 0x07, 0x1a]
const STEPS = 150

/**
 * The module with so many more bytes of functions, which nobody calls. It is as large as a real program, and is
 * compiled like one.
 */
export function enlarge(module: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const extra = Uint8Array.from(body(...Array.from({ length: STEPS }, () => STEP).flat(), UNREACHABLE))
  const count = Math.ceil(bytes / extra.length)
  const added: Record<number, Uint8Array> = {
    // All of the first type: with `unreachable` at the end the body has any type.
    [FUNCTION]: new Uint8Array(count),
    [CODE]: repeated(extra, count),
  }
  const parts = [module.subarray(0, 8)]
  let at = 8
  while (at < module.length) {
    const id = module[at] ?? 0
    const [length, start] = readLeb(module, at + 1)
    const section = module.subarray(start, start + length)
    const more = added[id]
    at = start + length
    if (!more) {
      parts.push(Uint8Array.of(id, ...leb(length)), section)
      continue
    }
    const [items, first] = readLeb(section, 0)
    const number = leb(items + count)
    const whole = number.length + section.length - first + more.length
    parts.push(Uint8Array.of(id, ...leb(whole), ...number), section.subarray(first), more)
  }
  return joined(parts)
}

function repeated(piece: Uint8Array, count: number): Uint8Array {
  const all = new Uint8Array(piece.length * count)
  for (let i = 0; i < count; i++) all.set(piece, i * piece.length)
  return all
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

/** The number at a place, and where it ends. */
function readLeb(bytes: Uint8Array, from: number): [value: number, end: number] {
  let value = 0
  for (let at = from, scale = 1; ; at++, scale *= 0x80) {
    const byte = bytes[at] ?? 0
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return [value, at + 1]
  }
}

function leb(value: number): Bytes {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)]
}
