import { CALL_WINDOW_BYTES, type FromGuest, type ToGuest } from './outgoing-api.ts'
import type { OutgoingLink } from './outgoing-link.ts'
import { BROKEN } from '../worker/ring.ts'

/** A file's bytes as messages with credit, where there is no shared memory. */
export class PortLink implements OutgoingLink {
  readonly #id: number
  readonly #post: (message: ToGuest, transfer?: Transferable[]) => void
  readonly #queue: Uint8Array<ArrayBuffer>[] = []
  #ended = false
  #failed = false
  #stopped = false
  /** Bytes that may be sent, and that may come. */
  #credit = CALL_WINDOW_BYTES
  #window = CALL_WINDOW_BYTES
  #changed = Promise.withResolvers<void>()

  constructor(id: number, post: (message: ToGuest, transfer?: Transferable[]) => void) {
    this.#id = id
    this.#post = post
  }

  /** Takes a message of the guest about this file. @throws {TypeError} if it sends more than it may. */
  receive(message: FromGuest): void {
    if (message.type === 'data') this.#receive(message.bytes)
    else if (message.type === 'end') this.#ended = true
    else if (message.type === 'credit') this.#credit += message.bytes
    this.wake()
  }

  opened(): void {
    if (!this.#failed) this.#post({ type: 'opened', id: this.#id })
  }

  failed(errno: number): void {
    if (this.#failed) return
    this.#failed = true
    this.#queue.length = 0
    this.#post({ type: 'failed', id: this.#id, errno })
    this.wake()
  }

  take(): Uint8Array | undefined {
    const chunk = this.#queue.shift()
    if (!chunk) return undefined
    this.#window += chunk.length
    this.#post({ type: 'credit', id: this.#id, bytes: chunk.length })
    return chunk
  }

  get requestEnded(): boolean {
    return this.#ended
  }

  arrival(): Promise<unknown> {
    return this.#changed.promise
  }

  stopRequest(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#queue.length = 0
    this.#post({ type: 'stop', id: this.#id })
    this.wake()
  }

  put(chunk: Uint8Array): number {
    if (this.#failed) return BROKEN
    const count = Math.min(chunk.length, this.#credit)
    if (count <= 0) return 0
    this.#credit -= count
    const bytes = chunk.slice(0, count)
    this.#post({ type: 'data', id: this.#id, bytes }, [bytes.buffer])
    return count
  }

  room(): Promise<unknown> {
    return this.#changed.promise
  }

  endReply(errno: number): void {
    this.#post({ type: 'end', id: this.#id, errno })
  }

  wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  #receive(bytes: Uint8Array<ArrayBuffer>): void {
    this.#window -= bytes.length
    if (this.#window < 0) throw new TypeError('An actor worker sent more of a request than it has credit for.')
    if (!this.#failed && !this.#stopped) this.#queue.push(bytes)
  }
}
