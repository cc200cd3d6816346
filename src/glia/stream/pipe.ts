import { GliaError } from '../errors.ts'
import { checkBytes } from '../untrusted.ts'

/** Unread bytes at which a writer has to wait. As large as an actor's ring, so that one write fills a ring. */
const PIPE_BYTES = 1024 * 1024

/**
 * One direction of a local stream: a bounded queue of byte chunks between one writer and one reader in the same thread.
 * Chunks are handed over, not copied.
 */
export class Pipe {
  readonly #chunks: Uint8Array[] = []
  #queuedBytes = 0
  #ended = false
  #readerGone = false
  #reason: Error | undefined
  /** The exit that has ended the writing. */
  #exit: GliaError | undefined
  #reader: PromiseWithResolvers<Uint8Array | null> | undefined
  #room: Uint8Array | undefined
  #writer: PromiseWithResolvers<void> | undefined

  /** @param into Becomes the {@link room} if nothing is there yet. */
  async read(into?: Uint8Array): Promise<Uint8Array | null> {
    if (into !== undefined) checkBytes(into)
    if (this.#reason) throw this.#reason
    const chunk = this.#take()
    if (chunk === null && this.#exit && !this.#readerGone && !this.#exit.accepted) throw this.#exit
    if (chunk !== undefined) return chunk
    if (this.#reader) throw new GliaError('ERR_INTERNAL', 'A stream has one reader at a time.')
    this.#reader = Promise.withResolvers()
    this.#room = into
    return this.#reader.promise
  }

  /** Unread bytes. */
  get unreadBytes(): number {
    return this.#queuedBytes
  }

  /** The room that the waiting reader has given. Undefined if it is empty, or was transferred away meanwhile. */
  get room(): Uint8Array | undefined {
    return this.#reader && this.#room && this.#room.length > 0 ? this.#room : undefined
  }

  async write(chunk: Uint8Array): Promise<void> {
    checkBytes(chunk)
    if (this.#reason) throw this.#reason
    if (this.#ended) throw new GliaError('ERR_NO_READER', 'The stream was already closed for writing.')
    if (this.#readerGone) throw new GliaError('ERR_NO_READER', 'The other side does not read any more.')
    if (chunk.byteLength === 0) return
    if (this.#reader) {
      this.#settleReader(chunk)
      return
    }
    if (this.#writer) throw new GliaError('ERR_INTERNAL', 'A stream has one writer at a time.')
    this.#chunks.push(chunk)
    this.#queuedBytes += chunk.byteLength
    if (this.#queuedBytes < PIPE_BYTES) return
    this.#writer = Promise.withResolvers()
    return this.#writer.promise
  }

  /** The writer is done. The reader gets the queued bytes, then null, or the error of an exit that is not accepted. */
  end(exit?: GliaError): void {
    if (this.#ended) return
    this.#ended = true
    this.#exit = exit
    if (!this.#reader) return
    if (exit && !exit.accepted) this.#reader.reject(exit)
    else this.#reader.resolve(null)
    this.#reader = undefined
  }

  get exit(): GliaError | undefined {
    return this.#exit
  }

  /** The reader is done. Queued bytes are dropped, and writes fail. */
  cancel(): void {
    if (this.#readerGone) return
    this.#readerGone = true
    this.#drop()
    this.#writer?.reject(new GliaError('ERR_NO_READER', 'The other side does not read any more.'))
    this.#writer = undefined
    this.#settleReader(null)
  }

  abort(reason: Error): void {
    if (this.#reason) return
    this.#reason = reason
    this.#drop()
    this.#writer?.reject(reason)
    this.#reader?.reject(reason)
    this.#writer = this.#reader = undefined
  }

  #take(): Uint8Array | null | undefined {
    const chunk = this.#chunks.shift()
    if (chunk === undefined) return this.#ended || this.#readerGone ? null : undefined
    this.#queuedBytes -= chunk.byteLength
    if (this.#writer && this.#queuedBytes < PIPE_BYTES) {
      this.#writer.resolve()
      this.#writer = undefined
    }
    return chunk
  }

  #settleReader(value: Uint8Array | null): void {
    this.#reader?.resolve(value)
    this.#reader = undefined
  }

  #drop(): void {
    this.#chunks.length = 0
    this.#queuedBytes = 0
  }
}
