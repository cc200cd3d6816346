import { MAX_FRAME_BYTES } from './frames.ts'
import { violation } from './violation.ts'

/** A length below {@link MAX_FRAME_BYTES} takes at most 3 bytes. */
const MAX_SCALE = 128 ** 2

/** Cuts a stream of bytes, which arrives in any pieces, into frames. It keeps at most one unfinished frame. */
export class Splitter {
  readonly #take: (frame: Uint8Array) => void
  #length = 0
  #scale = 1
  /** The frame that began in an earlier piece, and how much of it is there. */
  #frame: Uint8Array | undefined
  #filled = 0

  /** @param take Gets each frame without its length: a view that is valid until it returns. */
  constructor(take: (frame: Uint8Array) => void) {
    this.#take = take
  }

  /** @throws {GliaError} ERR_PROTOCOL if a frame is too long; the error of `take`. */
  push(piece: Uint8Array): void {
    let at = 0
    while (at < piece.length) at = this.#frame ? this.#goOn(this.#frame, piece, at) : this.#begin(piece, at)
  }

  #begin(piece: Uint8Array, from: number): number {
    let at = from
    for (; at < piece.length;) {
      const byte = piece[at++] ?? 0
      this.#length += (byte & 127) * this.#scale
      if (byte < 128) return this.#afterLength(piece, at)
      this.#scale *= 128
      if (this.#scale > MAX_SCALE) throw violation('a frame is too long')
    }
    return at
  }

  #afterLength(piece: Uint8Array, at: number): number {
    const length = this.#length
    this.#length = 0
    this.#scale = 1
    if (length === 0 || length > MAX_FRAME_BYTES) throw violation(`a frame has ${length} bytes`)
    const end = at + length
    if (end <= piece.length) {
      this.#take(piece.subarray(at, end))
      return end
    }
    this.#frame = new Uint8Array(length)
    this.#filled = 0
    return at
  }

  #goOn(frame: Uint8Array, piece: Uint8Array, at: number): number {
    const part = piece.subarray(at, at + frame.length - this.#filled)
    frame.set(part, this.#filled)
    this.#filled += part.length
    if (this.#filled === frame.length) {
      this.#frame = undefined
      this.#take(frame)
    }
    return at + part.length
  }
}
