import { GliaError } from '../errors.ts'
import { AHEAD_BYTES } from '../call-limits.ts'
import { INITIAL_CREDIT_BYTES } from './frames.ts'
import { violation } from './violation.ts'

/**
 * Smaller chunks are joined up to this size. Otherwise a message that is sent byte by byte would take 100 times its
 * size.
 */
const JOINED_BYTES = 4096

/**
 * The half of a call that is read here: bytes that arrived and are unread, never more than the given credit. They are
 * copied, because the piece in which they arrived has frames of other calls too, and may be a view of a larger buffer.
 */
export class Inbox {
  readonly #capacity: number
  #chunks: Uint8Array<ArrayBuffer>[] = []
  #arrivedBytes = 0
  #unreadBytes = 0
  #grantedBytes = INITIAL_CREDIT_BYTES
  #ended = false
  #cancelled = false
  #exit: GliaError | undefined
  #reason: GliaError | undefined
  #reader: PromiseWithResolvers<Uint8Array | null> | undefined

  /** @param capacity Most unread bytes. */
  constructor(capacity: number) {
    this.#capacity = Math.max(capacity, INITIAL_CREDIT_BYTES)
  }

  /** Whether nothing more is expected: the other side has ended, or knows that it is not read. */
  get silent(): boolean {
    return this.#ended || this.#cancelled
  }

  /** Whether there is nothing more to read. */
  get finished(): boolean {
    return this.#cancelled || (this.#ended && this.#unreadBytes === 0)
  }

  /** Bytes that arrived and are unread. */
  get unreadBytes(): number {
    return this.#unreadBytes
  }

  /** Credit that is worth a frame; 0 until much was read, and if no more bytes will come. */
  get dueBytes(): number {
    if (this.silent || this.#reason || this.#arrivedBytes === 0) return 0
    const readBytes = this.#arrivedBytes - this.#unreadBytes
    // While a message waits for its turn, only the door reads: up to AHEAD_BYTES, and to the end of a piece. Its sender
    // needs no more than the first credit.
    const capacity = readBytes > 2 * AHEAD_BYTES ? this.#capacity : INITIAL_CREDIT_BYTES
    const due = readBytes + capacity - this.#grantedBytes
    return due < capacity / 4 ? 0 : due
  }

  /** Gives the credit that is due. */
  grant(): number {
    const due = this.dueBytes
    this.#grantedBytes += due
    return due
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#reason) throw this.#reason
    if (this.#unreadBytes > 0) return this.#take()
    if (this.#exit && !this.#exit.accepted && !this.#cancelled) throw this.#exit
    if (this.silent) return null
    if (this.#reader) throw new GliaError('ERR_INTERNAL', 'A stream has one reader at a time.')
    this.#reader = Promise.withResolvers()
    return this.#reader.promise
  }

  /** @throws {GliaError} ERR_PROTOCOL if the other side should not have sent these bytes. */
  receive(data: Uint8Array, fin: boolean): void {
    if (this.#ended) throw violation('a message goes on after its end')
    this.#arrivedBytes += data.length
    if (this.#arrivedBytes > this.#grantedBytes) throw violation('it sends more than it has credit for')
    if (fin) this.#ended = true
    if (this.#cancelled) return
    if (data.length > 0) this.#keep(data)
    else if (fin) this.#settle(null)
  }

  /** The sending program has exited. The reader is told after the last bytes. */
  exited(exit: GliaError): void {
    if (this.#ended) return
    this.#ended = true
    this.#exit = exit
    if (exit.accepted) this.#settle(null)
    else this.#reader?.reject(exit)
    this.#reader = undefined
  }

  get exit(): GliaError | undefined {
    return this.#exit
  }

  /** The reader wants no more. */
  cancel(): void {
    this.#cancelled = true
    this.#drop()
    this.#settle(null)
  }

  abort(reason: GliaError): void {
    this.#reason ??= reason
    this.#drop()
    this.#reader?.reject(reason)
    this.#reader = undefined
  }

  #keep(data: Uint8Array): void {
    if (this.#reader) {
      this.#settle(new Uint8Array(data))
      return
    }
    this.#unreadBytes += data.length
    const last = this.#chunks.at(-1)
    if (!last || last.length + data.length > JOINED_BYTES) this.#chunks.push(new Uint8Array(data))
    else this.#chunks[this.#chunks.length - 1] = join(last, data)
  }

  #take(): Uint8Array | null {
    // There are at most twice as many chunks as the capacity has JOINED_BYTES, so shifting them is cheap.
    const chunk = this.#chunks.shift()
    if (!chunk) return null
    this.#unreadBytes -= chunk.length
    return chunk
  }

  #settle(value: Uint8Array | null): void {
    this.#reader?.resolve(value)
    this.#reader = undefined
  }

  #drop(): void {
    this.#chunks = []
    this.#unreadBytes = 0
  }
}

/**
 * Puts bytes behind a chunk: into the chunk's buffer if it was joined before, otherwise into a new one with room for
 * more.
 */
function join(chunk: Uint8Array<ArrayBuffer>, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const roomy = chunk.buffer.byteLength === JOINED_BYTES
  const joined = new Uint8Array(roomy ? chunk.buffer : new ArrayBuffer(JOINED_BYTES))
  if (!roomy) joined.set(chunk)
  joined.set(data, chunk.length)
  return joined.subarray(0, chunk.length + data.length)
}
