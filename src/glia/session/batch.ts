import type { FrameType } from './frames.ts'
import { varintSize, writeVarint } from './varint.ts'

/** Frames that are gathered for one send of the channel. */
export class Batch {
  readonly #capacity: number
  #bytes: Uint8Array<ArrayBuffer>
  #size = 0

  /** @param capacity Most bytes in one send. */
  constructor(capacity: number) {
    this.#capacity = capacity
    this.#bytes = new Uint8Array(capacity)
  }

  get empty(): boolean {
    return this.#size === 0
  }

  /** Largest payload that another frame of this call may have; below 0 if not even an empty frame fits. */
  room(id: number): number {
    // The length is counted as 3 bytes, which no frame exceeds.
    return this.#capacity - this.#size - 3 - 1 - varintSize(id)
  }

  /**
   * Begins a frame. {@link bytes} and {@link varint} must follow with exactly its payload. @returns the frame's bytes
   * without its length.
   */
  frame(type: FrameType, id: number, payloadBytes: number, flags = 0): number {
    const length = 1 + varintSize(id) + payloadBytes
    this.varint(length)
    this.#bytes[this.#size++] = type | flags
    this.varint(id)
    return length
  }

  varint(value: number): void {
    this.#size = writeVarint(value, this.#bytes, this.#size)
  }

  bytes(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#size)
    this.#size += bytes.length
  }

  /** The written bytes as a new array. The batch is empty again. */
  take(): Uint8Array<ArrayBuffer> {
    const size = this.#size
    this.#size = 0
    // Copying a small batch costs less than a new buffer. Giving away a large batch costs less than copying it.
    if (size < this.#capacity / 2) return this.#bytes.slice(0, size)
    const taken = this.#bytes.subarray(0, size)
    this.#bytes = new Uint8Array(this.#capacity)
    return taken
  }
}
