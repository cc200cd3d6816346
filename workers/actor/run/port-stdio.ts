import { BROKEN } from '../../../src/actors/worker/ring.ts'
import { type FromWorker, PORT_WINDOW_BYTES } from '../../../src/actors/worker/worker-api.ts'
import { GatheredWrites } from './gathered-writes.ts'
import type { Stdio } from './stdio.ts'

/** stderr bytes of one message that are passed on: without shared memory there is no back-pressure for them. */
const MAX_STDERR_BYTES = 1024 * 1024

/**
 * Bytes of one reply that the buffered tier passes on. There the guest cannot be held back, nor told that nobody reads: one
 * that floods would fill the page's memory until its deadline.
 */
const MAX_BUFFERED_REPLY_BYTES = 64 * 1024 * 1024

/** Longest time of a timer: one of more is over at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Standard descriptors over port messages. With JSPI, waiting reads and writes give promises, on which the guest is
 * suspended. In the buffered tier the guest runs when the whole message is here, so that no read ever waits; writes never do.
 */
export class PortStdio implements Stdio {
  readonly #port: MessagePort
  readonly #suspends: boolean
  #id = 0
  #queue: Uint8Array[] = []
  #ended = false
  #broken = false
  /** The guest wants no more of the message. */
  #refused = false
  /** Nobody reads the reply, or the guest has ended it. */
  #unread = false
  #credit = PORT_WINDOW_BYTES
  #stderrLeft = MAX_STDERR_BYTES
  #repliedBytes = 0
  #changed = Promise.withResolvers<void>()
  readonly #reply = new GatheredWrites((bytes) => this.#post({ type: 'data', id: this.#id, bytes }))
  readonly #errors = new GatheredWrites((bytes) => this.#post({ type: 'stderr', bytes }))

  /** @param suspends Whether the guest can be suspended (JSPI). */
  constructor(port: MessagePort, suspends: boolean) {
    this.#port = port
    this.#suspends = suspends
  }

  /** A new message begins. */
  begin(id: number): void {
    this.#id = id
    this.#queue = []
    this.#ended = this.#broken = this.#refused = this.#unread = false
    this.#credit = PORT_WINDOW_BYTES
    this.#stderrLeft = MAX_STDERR_BYTES
    this.#repliedBytes = 0
    this.#change()
  }

  /** Passes on what the guest has written so far: it waits, or the message has ended. */
  flush(): void {
    this.#reply.flush()
    this.#errors.flush()
  }

  push(bytes: Uint8Array): void {
    if (this.#refused) return
    this.#queue.push(bytes)
    // The buffered tier holds the message whole, so what has come is as good as read.
    if (!this.#suspends) this.#giveCredit(bytes.length)
    this.#change()
  }

  end(): void {
    this.#ended = true
    this.#change()
  }

  abort(): void {
    this.#broken = this.#unread = true
    this.#change()
  }

  cancelReply(): void {
    this.#unread = true
    this.#change()
  }

  addCredit(bytes: number): void {
    this.#credit += bytes
    this.#change()
  }

  /** Resolves when the whole message is here, or the call is over. */
  async whole(): Promise<void> {
    while (!this.#ended && !this.#broken) await this.#changed.promise
  }

  read(target: Uint8Array): number | Promise<number> {
    if (this.readable || !this.#suspends) return this.#take(target)
    return this.#readLater(target)
  }

  write(source: Uint8Array): number | Promise<number> {
    if (this.#credit > 0 || !this.#suspends || this.#unread) return this.#send(source)
    return this.#writeLater(source)
  }

  writeError(source: Uint8Array): number {
    const count = Math.min(source.length, this.#stderrLeft)
    this.#stderrLeft -= count
    if (count > 0) this.#errors.write(source.subarray(0, count))
    return source.length
  }

  closeRead(): void {
    this.#refused = true
    this.#queue = []
    this.#post({ type: 'cancel', id: this.#id })
  }

  closeWrite(): void {
    this.#unread = true
    this.flush()
    this.#post({ type: 'end', id: this.#id })
  }

  get available(): number {
    return this.#queue.reduce((sum, { length }) => sum + length, 0)
  }

  get readable(): boolean {
    return this.#broken || this.#refused || this.#queue.length > 0 || this.#ended
  }

  get broken(): boolean {
    return this.#broken
  }

  get room(): number {
    return this.#suspends ? Math.max(0, this.#credit) : MAX_BUFFERED_REPLY_BYTES
  }

  get writable(): boolean {
    return !this.#suspends || this.#credit > 0 || this.#unread
  }

  waitFor(isReady: () => boolean, timeoutMs: number): void | Promise<void> {
    this.flush()
    const until = performance.now() + timeoutMs
    if (this.#suspends) return isReady() ? undefined : this.#waitLater(isReady, until)
    // Nothing can come while the guest holds the thread, and without shared memory it cannot block: only time passes.
    while (!isReady() && performance.now() < until);
  }

  nudge(): void {
    this.#change()
  }

  #take(target: Uint8Array): number {
    if (this.#broken || this.#refused) return BROKEN
    const [head] = this.#queue
    if (!head) return 0
    const count = Math.min(head.length, target.length)
    target.set(count === head.length ? head : head.subarray(0, count))
    if (count === head.length) this.#queue.shift()
    else this.#queue[0] = head.subarray(count)
    if (this.#suspends) this.#giveCredit(count)
    return count
  }

  #send(source: Uint8Array): number {
    if (this.#unread) return BROKEN
    this.#repliedBytes += source.length
    if (!this.#suspends && this.#repliedBytes > MAX_BUFFERED_REPLY_BYTES) return BROKEN
    this.#credit -= source.length
    this.#reply.write(source)
    return source.length
  }

  async #readLater(target: Uint8Array): Promise<number> {
    this.flush()
    while (!this.readable) await this.#changed.promise
    return this.#take(target)
  }

  async #writeLater(source: Uint8Array): Promise<number> {
    this.flush()
    while (this.#credit <= 0 && !this.#unread) await this.#changed.promise
    return this.#send(source)
  }

  async #waitLater(isReady: () => boolean, until: number): Promise<void> {
    while (!isReady()) {
      const left = until - performance.now()
      if (left <= 0) return
      const over = Promise.withResolvers<void>()
      const timer = setTimeout(over.resolve, Math.min(left, MAX_TIMER_MS))
      await Promise.race([this.#changed.promise, over.promise])
      clearTimeout(timer)
    }
  }

  #giveCredit(bytes: number): void {
    this.#post({ type: 'credit', id: this.#id, bytes })
  }

  #post(message: FromWorker): void {
    const transfer = 'bytes' in message && typeof message.bytes !== 'number' ? [message.bytes.buffer] : []
    this.#port.postMessage(message, transfer)
  }

  #change(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
