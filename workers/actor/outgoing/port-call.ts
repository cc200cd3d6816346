import { wasi } from '@bjorn3/browser_wasi_shim'
import { errnoOfOpen } from '../../../src/actors/outgoing/call-errno.ts'
import { CALL_WINDOW_BYTES, type FromGuest, type ToGuest } from '../../../src/actors/outgoing/outgoing-api.ts'
import type { Counted, GuestCall } from './guest-call.ts'

export interface PortCallInit {
  id: number
  post(message: FromGuest, transfer?: Transferable[]): void
  closed(): void
}

/** A call over port messages: waits suspend the guest. */
export class PortCall implements GuestCall {
  readonly #init: PortCallInit
  readonly #queue: Uint8Array[] = []
  readonly #opened = Promise.withResolvers<number>()
  #credit = CALL_WINDOW_BYTES
  #requestEnded = false
  /** Nobody reads the request any more. */
  #stopped = false
  #replyEnded = false
  /** What reads give behind the reply; 0: the end. */
  #endErrno = 0
  #closed = false
  /** Why the call failed; 0 while it has not. */
  #errno = 0
  #changed = Promise.withResolvers<void>()

  constructor(init: PortCallInit) {
    this.#init = init
  }

  /** Resolves when the page has answered, to 0 or the errno with which it refused. */
  opened(): Promise<number> {
    return this.#opened.promise
  }

  receive(message: ToGuest): void {
    switch (message.type) {
      case 'opened':
        this.#opened.resolve(0)
        break
      case 'failed':
        this.#errno = message.errno
        this.#queue.length = 0
        this.#opened.resolve(message.errno)
        break
      case 'data':
        this.#queue.push(message.bytes)
        break
      case 'end':
        this.#replyEnded = true
        this.#endErrno = message.errno
        break
      case 'credit':
        this.#credit += message.bytes
        break
      case 'stop':
        this.#stopped = true
    }
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  read(target: Uint8Array): Counted {
    return this.readable ? this.readNow(target) : this.#readLater(target)
  }

  write(source: Uint8Array): Counted {
    return this.writable ? this.writeNow(source) : this.#writeLater(source)
  }

  readNow(target: Uint8Array): number {
    if (this.#errno > 0) return -errnoOfOpen(this.#errno)
    if (this.#closed) return -wasi.ERRNO_CANCELED
    const [head] = this.#queue
    if (!head) return this.#replyEnded ? 0 - this.#endErrno : -wasi.ERRNO_AGAIN
    const count = Math.min(head.length, target.length)
    target.set(head.subarray(0, count))
    if (count === head.length) this.#queue.shift()
    else this.#queue[0] = head.subarray(count)
    this.#init.post({ type: 'credit', id: this.#init.id, bytes: count })
    return count
  }

  writeNow(source: Uint8Array): number {
    if (this.#errno > 0) return -errnoOfOpen(this.#errno)
    if (this.#stopped || this.#requestEnded || this.#closed) return -wasi.ERRNO_PIPE
    const count = Math.min(source.length, this.#credit)
    if (count === 0) return -wasi.ERRNO_AGAIN
    this.#credit -= count
    const bytes = source.slice(0, count)
    this.#init.post({ type: 'data', id: this.#init.id, bytes }, [bytes.buffer])
    return count
  }

  endRequest(): void {
    if (this.#requestEnded || this.#closed) return
    this.#requestEnded = true
    this.#init.post({ type: 'end', id: this.#init.id })
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#queue.length = 0
    this.#init.closed()
  }

  get readable(): boolean {
    return this.#errno > 0 || this.#closed || this.#queue.length > 0 || this.#replyEnded
  }

  get available(): number {
    return this.#queue.reduce((sum, { length }) => sum + length, 0)
  }

  get room(): number {
    return this.#errno > 0 || this.#stopped || this.#requestEnded ? 0 : this.#credit
  }

  get writable(): boolean {
    return this.#errno > 0 || this.#closed || this.#stopped || this.#requestEnded || this.#credit > 0
  }

  async #readLater(target: Uint8Array): Promise<number> {
    while (!this.readable) await this.#changed.promise
    return this.readNow(target)
  }

  async #writeLater(source: Uint8Array): Promise<number> {
    while (!this.writable) await this.#changed.promise
    return this.writeNow(source)
  }
}
