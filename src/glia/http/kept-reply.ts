import { GliaError } from '../errors.ts'

/** Largest reply that can be read again from its start, in bytes. */
export const KEPT_REPLY_BYTES = 8 * 1024 * 1024

/** How many bytes the reply may be ahead of its readers. */
const AHEAD_BYTES = 256 * 1024

export interface ReplyReader {
  /**
   * The next bytes, which the reader may keep; null at the end. @throws {GliaError} the failure of the reply, or of
   * this reader.
   */
  read(): Promise<Uint8Array<ArrayBuffer> | null>
  /** Ends this reader: its reads fail from now on. */
  fail(error: GliaError): void
}

/**
 * A reply for several readers, each of which reads from the start. It is kept whole up to {@link KEPT_REPLY_BYTES}, or
 * until its start is forgotten. After that it keeps only bytes that its readers still have to read, and takes no new
 * readers.
 */
export class KeptReply {
  readonly #resized: (bytes: number) => void
  readonly #readers = new Set<Reader>()
  readonly #chunks: Uint8Array[] = []
  /** Chunks at the start that were forgotten. */
  #forgotten = 0
  #isWhole = true
  #bytes = 0
  #end: 'whole' | GliaError | undefined
  #changed = Promise.withResolvers<void>()

  /** @param resized Called with each change in the number of kept bytes. */
  constructor(resized: (bytes: number) => void) {
    this.#resized = resized
  }

  /** Whether a new reader can begin. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  /** @throws {GliaError} ERR_REPLY_GONE if the start is forgotten. */
  newReader(): ReplyReader {
    if (!this.#isWhole) {
      throw new GliaError(
        'ERR_REPLY_GONE',
        'The call with this Idempotency-Key has run, and its reply is no longer kept. It was not run again.',
      )
    }
    const reader = new Reader(this)
    this.#readers.add(reader)
    return reader
  }

  /** Adds bytes; resolves when there is room for more. */
  async write(chunk: Uint8Array): Promise<void> {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    this.#resized(chunk.length)
    // However fast it is read: it is never kept beyond this size.
    if (this.#isWhole && this.#bytes > KEPT_REPLY_BYTES && this.#readers.size > 0) this.forget()
    this.#wake()
    while (!this.#hasRoom() && this.#end === undefined) await this.#changed.promise
  }

  /** Ends the reply. @param error Why it is not whole. */
  end(error?: GliaError): void {
    this.#end ??= error ?? 'whole'
    this.#wake()
  }

  /** Keeps only the bytes that readers still have to read. */
  forget(): void {
    this.#isWhole = false
    this.#trim()
  }

  /** For readers: the chunk of this number, once it is there; null past the end. */
  async chunk(index: number, signal: AbortSignal): Promise<Uint8Array | null> {
    for (;;) {
      signal.throwIfAborted()
      const chunk = this.#chunks[index - this.#forgotten]
      if (chunk) return chunk
      if (this.#end === 'whole') return null
      if (this.#end) throw this.#end
      await this.#changed.promise
    }
  }

  /** For readers: call it after reading. */
  progressed(): void {
    if (!this.#isWhole) this.#trim()
    this.#wake()
  }

  left(reader: Reader): void {
    this.#readers.delete(reader)
    this.progressed()
  }

  /**
   * The writer waits for the fastest reader. Once the start is forgotten it waits for the slowest one, because the
   * bytes of the others are not kept.
   */
  #hasRoom(): boolean {
    const read = [...this.#readers].map(({ bytes }) => bytes)
    if (read.length === 0) return this.#isWhole && this.#bytes < KEPT_REPLY_BYTES
    return this.#bytes - (this.#isWhole ? Math.max(...read) : Math.min(...read)) < AHEAD_BYTES
  }

  #trim(): void {
    const needed = Math.min(this.#forgotten + this.#chunks.length, ...[...this.#readers].map(({ index }) => index))
    const dropped = this.#chunks.splice(0, needed - this.#forgotten)
    this.#forgotten = needed
    const freed = dropped.reduce((sum, { length }) => sum + length, 0)
    if (freed > 0) this.#resized(-freed)
  }

  #wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}

class Reader implements ReplyReader {
  index = 0
  bytes = 0
  readonly #reply: KeptReply
  readonly #aborter = new AbortController()

  constructor(reply: KeptReply) {
    this.#reply = reply
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | null> {
    const chunk = await this.#reply.chunk(this.index, this.#aborter.signal)
    if (chunk === null) {
      this.#reply.left(this)
      return null
    }
    // A copy: the reader may transfer it, and another reader may read the same bytes later.
    const copy = Uint8Array.from(chunk)
    this.index += 1
    this.bytes += chunk.length
    this.#reply.progressed()
    return copy
  }

  fail(error: GliaError): void {
    this.#aborter.abort(error)
    this.#reply.left(this)
  }
}
