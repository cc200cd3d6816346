import { type CallRings, NOTE_OPENED, noteOfFailure } from './outgoing-api.ts'
import type { OutgoingLink } from './outgoing-link.ts'
import { Ring } from '../worker/ring.ts'

/** A file's bytes in rings that the worker made. */
export class RingLink implements OutgoingLink {
  readonly #request: Ring
  readonly #reply: Ring
  /** Has the worker look again if it waits for several files at once. */
  readonly #nudge: () => void
  /** What the sequences were before the last look. */
  #taken = 0
  #put = 0

  constructor({ request, reply }: CallRings, nudge: () => void) {
    this.#nudge = nudge
    this.#request = new Ring(request)
    this.#reply = new Ring(reply)
  }

  opened(): void {
    if (this.#reply.note === 0) this.#reply.setNote(NOTE_OPENED)
  }

  failed(errno: number): void {
    const { note } = this.#reply
    if (note === 0 || note === NOTE_OPENED) this.#reply.setNote(noteOfFailure(errno, note))
    // The reply first: a guest that finds its request broken off looks at it.
    this.#reply.abort()
    this.#request.abort()
    this.#nudge()
  }

  take(): Uint8Array | undefined {
    this.#taken = this.#request.readerSequence
    const chunk = this.#request.take()
    if (chunk) this.#nudge()
    return chunk
  }

  get requestEnded(): boolean {
    // The guest may have broken it off, which the port tells a little later: half a request must not pass for a whole one.
    return this.#request.ended && !this.#request.aborted
  }

  arrival(): Promise<unknown> | undefined {
    return this.#request.readerChanged(this.#taken)
  }

  stopRequest(): void {
    this.#request.cancel()
    this.#nudge()
  }

  put(chunk: Uint8Array): number {
    this.#put = this.#reply.writerSequence
    const count = this.#reply.put(chunk)
    if (count > 0) this.#nudge()
    return count
  }

  room(): Promise<unknown> | undefined {
    return this.#reply.writerChanged(this.#put)
  }

  endReply(errno: number): void {
    // The note first: the guest looks at it when it has found the end.
    const { note } = this.#reply
    // The call was taken, so its file is open, also if the guest has not heard of that yet.
    if (errno > 0 && (note === 0 || note === NOTE_OPENED)) this.#reply.setNote(noteOfFailure(errno, NOTE_OPENED))
    this.#reply.end()
    this.#nudge()
  }

  wake(): void {
    this.#request.wake()
    this.#reply.wake()
  }
}
