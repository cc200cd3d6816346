import { GliaError } from '../errors.ts'
import type { Batch } from './batch.ts'
import { INITIAL_CREDIT_BYTES } from './frames.ts'
import { violation } from './violation.ts'

/** Bytes that may wait before a writer has to wait: a few frames, so that there is always a next one. */
const QUEUE_BYTES = 64 * 1024
/** Unused credit at which the session ends: no peer has a reason to give so much. */
const MAX_CREDIT_BYTES = 2 ** 40

/**
 * The half of a call that is written here: chunks that wait for their frames. Each chunk is copied once, into a batch.
 */
export class Outbox {
  #chunks: Uint8Array[] = []
  /** The first unsent chunk, and how much of it was sent. An index, because many small chunks may wait. */
  #first = 0
  #offset = 0
  #queuedBytes = 0
  #creditBytes = INITIAL_CREDIT_BYTES
  #sentBytes = 0
  #ended = false
  #endSent = false
  #endsApart = false
  #stopped = false
  #reason: GliaError | undefined
  #writer: PromiseWithResolvers<void> | undefined

  /** Whether the other side gets nothing more from here: the end was sent, or the other side wanted no more. */
  get silent(): boolean {
    return this.#endSent || this.#stopped
  }

  /** Whether the writer and the other side are both done. */
  get finished(): boolean {
    return this.#endSent || (this.#stopped && (this.#ended || this.#endsApart))
  }

  get sentBytes(): number {
    return this.#sentBytes
  }

  /** Whether the writer is done, and something of it is not sent. */
  get isWritten(): boolean {
    return (this.#ended || this.#endsApart) && !this.silent
  }

  /** Bytes that may be sent now. */
  get sendableBytes(): number {
    return Math.min(this.#queuedBytes, this.#creditBytes)
  }

  /** Whether there is a frame to send. It may be only the end. */
  get hasFrame(): boolean {
    if (this.silent || this.#reason) return false
    return this.sendableBytes > 0 || (this.#ended && this.#queuedBytes === 0)
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#reason) throw this.#reason
    if (this.#stopped) throw notRead()
    if (this.#ended || this.#endsApart)
      throw new GliaError('ERR_NO_READER', 'The stream was already closed for writing.')
    if (chunk.length === 0) return
    if (this.#writer) throw new GliaError('ERR_INTERNAL', 'A stream has one writer at a time.')
    this.#chunks.push(chunk)
    this.#queuedBytes += chunk.length
    if (this.#queuedBytes < QUEUE_BYTES) return
    this.#writer = Promise.withResolvers()
    return this.#writer.promise
  }

  /** Does nothing after {@link endApart}: otherwise the last bytes would count as the end. */
  end(): void {
    this.#ended ||= !this.#endsApart
  }

  /** After the last bytes the end is told in another frame. */
  endApart(): void {
    this.#endsApart = true
  }

  /** Whether that frame is due. */
  get endApartDue(): boolean {
    return this.#endsApart && !this.silent && this.#queuedBytes === 0
  }

  /** That frame was sent. */
  endedApart(): void {
    this.#endSent = this.#ended = true
  }

  /** Whether the next so many bytes are the last ones. */
  endsWith(bytes: number): boolean {
    return this.#ended && bytes === this.#queuedBytes
  }

  /** Moves so many bytes into a frame. With the last bytes the end counts as sent. */
  moveInto(batch: Batch, bytes: number): void {
    this.#endSent = this.endsWith(bytes)
    this.#queuedBytes -= bytes
    this.#creditBytes -= bytes
    this.#sentBytes += bytes
    let left = bytes
    while (left > 0) {
      const chunk = this.#chunks[this.#first]
      if (!chunk) break
      const part = chunk.subarray(this.#offset, this.#offset + left)
      batch.bytes(part)
      left -= part.length
      this.#offset += part.length
      if (this.#offset === chunk.length) this.#nextChunk()
    }
    if (this.#queuedBytes < QUEUE_BYTES) {
      this.#writer?.resolve()
      this.#writer = undefined
    }
  }

  credit(bytes: number): void {
    this.#creditBytes += bytes
    if (this.#creditBytes >= MAX_CREDIT_BYTES) throw violation('it gives more credit than is possible')
  }

  /** The other side reads no more. */
  stop(): void {
    if (this.silent) return
    this.#stopped = true
    this.#drop()
    this.#writer?.reject(notRead())
    this.#writer = undefined
  }

  abort(reason: GliaError): void {
    this.#reason ??= reason
    this.#drop()
    this.#writer?.reject(reason)
    this.#writer = undefined
  }

  #nextChunk(): void {
    this.#offset = 0
    this.#first += 1
    if (this.#first < this.#chunks.length) return
    this.#chunks = []
    this.#first = 0
  }

  #drop(): void {
    this.#chunks = []
    this.#first = this.#offset = this.#queuedBytes = 0
  }
}

function notRead(): GliaError {
  return new GliaError('ERR_NO_READER', 'The other side does not read any more.')
}
