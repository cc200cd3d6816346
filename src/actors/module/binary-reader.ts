const decoder = new TextDecoder()

/** First bytes of reference types. A heap type follows. */
const REFERENCE = 0x64
const NULLABLE_REFERENCE = 0x63

/** Reads the primitive encodings of the WebAssembly binary format from a byte array, front to back. */
export class BinaryReader {
  readonly #bytes: Uint8Array
  #at: number
  readonly #end: number

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#at = at
    this.#end = end
  }

  /** Position of the next byte. */
  get position(): number {
    return this.#at
  }

  /** The rest, as a view. */
  get rest(): Uint8Array {
    return this.#bytes.subarray(this.#at, this.#end)
  }

  get done(): boolean {
    return this.#at >= this.#end
  }

  /** @throws {RangeError} past the end. */
  byte(): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined
    if (byte === undefined) throw new RangeError('unexpected end')
    this.#at += 1
    return byte
  }

  /**
   * An unsigned LEB128 number of up to 64 bits, as a double. @throws {RangeError} past the end, or if it is too long.
   */
  unsigned(): number {
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new RangeError('number too long')
  }

  /** UTF-8 text after its length. */
  name(): string {
    const length = this.unsigned()
    return decoder.decode(this.#take(length))
  }

  /** The first byte of a value type. For references (0x63, 0x64) a heap type follows, a signed LEB128. */
  valueType(): number {
    const type = this.byte()
    if (type === REFERENCE || type === NULLABLE_REFERENCE) this.unsigned()
    return type
  }

  /** The bytes that were read from a position on. */
  since(position: number): Uint8Array {
    return this.#bytes.subarray(position, this.#at)
  }

  /** A reader of the next `length` bytes. This reader skips them. */
  section(length: number): BinaryReader {
    const start = this.#at
    this.#take(length)
    return new BinaryReader(this.#bytes, start, start + length)
  }

  /** A vector: a count, and as many items. */
  vector<T>(item: () => T): T[] {
    const count = this.unsigned()
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(item())
    return items
  }

  #take(length: number): Uint8Array {
    if (length > this.#end - this.#at) throw new RangeError('unexpected end')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
}
