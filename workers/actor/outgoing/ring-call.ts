import { wasi } from '@bjorn3/browser_wasi_shim'
import { errnoOfOpen } from '../../../src/actors/outgoing/call-errno.ts'
import { CALL_RING_BYTES, type CallRings, failureOf } from '../../../src/actors/outgoing/outgoing-api.ts'
import { BROKEN, Ring } from '../../../src/actors/worker/ring.ts'
import type { GuestCall } from './guest-call.ts'

/** A call over rings, which the worker makes: waits block it. */
export class RingCall implements GuestCall {
  readonly rings: CallRings
  readonly #request = Ring.allocate(CALL_RING_BYTES)
  readonly #reply = Ring.allocate(CALL_RING_BYTES)
  readonly #onClose: () => void
  #closed = false

  constructor(onClose: () => void) {
    this.#onClose = onClose
    this.rings = { request: this.#request.buffer, reply: this.#reply.buffer }
  }

  /** Blocks until the page has answered. @returns 0, or the errno with which it refused. */
  opened(): number {
    return Math.max(0, this.#reply.waitForNote())
  }

  read(target: Uint8Array): number {
    return this.#atEnd(this.#outcome(this.#reply.readBlocking(target), wasi.ERRNO_CANCELED))
  }

  write(source: Uint8Array): number {
    return this.#outcome(this.#request.writeBlocking(source), wasi.ERRNO_PIPE)
  }

  readNow(target: Uint8Array): number {
    // Looked at first: what was written before the end is not to be missed.
    const ended = this.#reply.ended
    const count = this.#outcome(this.#reply.takeInto(target), wasi.ERRNO_CANCELED)
    return count === 0 && !ended ? -wasi.ERRNO_AGAIN : this.#atEnd(count)
  }

  writeNow(source: Uint8Array): number {
    return this.#outcome(this.#request.put(source), wasi.ERRNO_PIPE) || -wasi.ERRNO_AGAIN
  }

  endRequest(): void {
    this.#request.end()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#request.abort()
    this.#reply.abort()
    this.#onClose()
  }

  get readable(): boolean {
    return this.#reply.available > 0 || this.#reply.finished
  }

  get available(): number {
    return this.#reply.finished ? 0 : this.#reply.available
  }

  get room(): number {
    return this.#request.ended ? 0 : this.#request.room
  }

  get writable(): boolean {
    return this.#request.ended || this.#request.room > 0
  }

  /** Behind a reply may be an errno. @param count What a read gave: 0 at the end. */
  #atEnd(count: number): number {
    return count === 0 ? 0 - Math.max(0, failureOf(this.#reply.note)) : count
  }

  /** A broken ring means that the call has failed, as its note says, or that the other side is through with it. */
  #outcome(count: number, gone: number): number {
    if (count !== BROKEN) return count
    // An errno behind a whole reply is for who reads that reply to its end.
    const failure = this.#reply.aborted ? failureOf(this.#reply.note) : 0
    return failure > 0 ? -errnoOfOpen(failure) : -gone
  }
}
