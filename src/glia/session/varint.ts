import { violation } from './violation.ts'

/** 7 bytes hold 49 bits, so every value is a safe integer, and ids last for years. */
const MAX_VARINT_BYTES = 7

/** Bytes of a value as an unsigned varint. @see https://github.com/multiformats/unsigned-varint */
export function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size += 1
  return size
}

/** Writes a value at a place. @returns the place behind it. */
export function writeVarint(value: number, into: Uint8Array, at: number): number {
  let end = at
  let rest = value
  // Shifts would cut the value to 32 bits.
  for (; rest >= 128; rest = Math.floor(rest / 128)) into[end++] = (rest % 128) | 128
  into[end++] = rest
  return end
}

/** Reads bytes from the start on. */
export class Cursor {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw violation('a frame ends too early')
    return byte
  }

  varint(): number {
    let value = 0
    let scale = 1
    for (let size = 1; size <= MAX_VARINT_BYTES; size++) {
      const byte = this.byte()
      value += (byte & 127) * scale
      if (byte < 128) {
        if (byte === 0 && size > 1) throw violation('a number is longer than it needs to be')
        return value
      }
      scale *= 128
    }
    throw violation('a number is too large')
  }

  /** The next bytes, as a view. */
  take(length: number): Uint8Array {
    const end = this.#at + length
    if (end > this.#bytes.length) throw violation('a frame ends too early')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  /** All remaining bytes, as a view. */
  rest(): Uint8Array {
    return this.take(this.#bytes.length - this.#at)
  }
}
