import { type Address, formatAddress } from '../address.ts'
import { type CallContext, NO_CONTEXT } from '../call-context.ts'
import { GliaError, toGliaError } from '../errors.ts'
import type { Batch } from './batch.ts'
import { madeHere } from '../made-here.ts'
import { FLAG, FRAME, MAX_DATA_BYTES } from './frames.ts'
import { encodeStatus } from './head.ts'
import { Inbox } from './inbox.ts'
import { Outbox } from './outbox.ts'
import { varintSize } from './varint.ts'
import type { Stream } from '../stream/stream.ts'
import { checkBytes } from '../untrusted.ts'

export interface SessionStreamInit {
  id: number
  address: Address
  /** Peer id of the caller. */
  caller: string
  expectedBytes?: number | undefined
  key?: string | undefined
  context?: CallContext | undefined
  /** The encoded head, for a call that this end opens. */
  head?: Uint8Array | undefined
}

/** What all calls of a session share. */
export interface SessionCommon {
  /** Most unread bytes of a call. */
  creditBytes: number
  /** Called when the call has something to send, or is over. */
  changed(call: SessionStream): void
}

/** Least room of a batch, in bytes, for which a message is cut: a frame costs as much as so many bytes. */
const MIN_PART_BYTES = 1024

/** One end of a call in a session. The session asks it for its frames, and passes it those that arrive. */
export class SessionStream implements Stream {
  readonly protocol: string
  readonly destination: string
  readonly procId: string
  readonly methodName: string
  readonly caller: string
  readonly expectedBytes: number | undefined
  readonly key: string | undefined
  readonly context: CallContext

  /** For the session: the id of the call. */
  readonly id: number
  readonly #in: Inbox
  readonly #out = new Outbox()
  /** For the session: whether this end made the call. */
  readonly opensHere: boolean
  readonly #common: SessionCommon
  /** Head of the OPEN frame, until it is sent. */
  #head: Uint8Array | undefined
  #stopDue = false
  #keptDue = false
  #kept = false
  #failDue: Uint8Array | undefined
  /** How the program exited. It is sent after the program's last bytes. */
  #exitDue: Uint8Array | undefined
  #reason: GliaError | undefined
  #aborter: AbortController | undefined
  #release: (() => void)[] = []

  constructor(init: SessionStreamInit, common: SessionCommon) {
    const { address } = init
    this.protocol = formatAddress(address)
    this.destination = address.host
    this.procId = address.proc
    this.methodName = address.method
    this.caller = init.caller
    this.expectedBytes = init.expectedBytes
    this.key = init.key
    this.context = init.context ?? NO_CONTEXT
    this.id = init.id
    this.#in = new Inbox(common.creditBytes)
    this.#head = init.head
    this.opensHere = init.head !== undefined
    this.#common = common
  }

  get unreadBytes(): number {
    return this.#in.unreadBytes
  }

  get kept(): boolean {
    return this.#kept
  }

  keep(): void {
    if (this.#reason || this.silent) return
    this.#keptDue = true
    this.#common.changed(this)
  }

  get signal(): AbortSignal {
    // Made when it is asked for, since many callers never ask.
    this.#aborter ??= new AbortController()
    if (this.#reason && !this.#aborter.signal.aborted) this.#aborter.abort(this.#reason)
    return this.#aborter.signal
  }

  /** For the session: whether the message or reply is complete, and not all of it is sent. */
  get isWritten(): boolean {
    return this.#out.isWritten
  }

  /** For the session: bytes of the message or reply that were sent. */
  get sentBytes(): number {
    return this.#out.sentBytes
  }

  read(): Promise<Uint8Array | null> {
    const chunk = this.#in.read()
    this.#common.changed(this)
    return chunk
  }

  async write(chunk: Uint8Array): Promise<void> {
    checkBytes(chunk)
    const room = this.#out.write(chunk)
    this.#common.changed(this)
    return room
  }

  async closeRead(): Promise<void> {
    if (this.#reason) return
    // A side that has ended need not be told.
    if (!this.#in.silent) this.#stopDue = true
    this.#in.cancel()
    this.#common.changed(this)
  }

  async closeWrite(): Promise<void> {
    this.#out.end()
    this.#common.changed(this)
  }

  async close(): Promise<void> {
    await this.closeWrite()
    await this.closeRead()
  }

  closeWithExit(exit: GliaError): void {
    if (this.#reason || this.#exitDue) return
    this.#exitDue = this.#encode(exit)
    this.#out.endApart()
    void this.closeRead()
  }

  get exit(): GliaError | undefined {
    return this.#in.exit
  }

  abort(reason: Error): void {
    if (this.#reason) return
    const error = toGliaError(reason, 'ERR_ABORTED')
    // The other side has forgotten a call that is over. It does not know a call whose OPEN frame was not sent.
    if (!this.#head && !this.silent) this.#failDue = this.#encode(error)
    this.fail(error)
  }

  /** A serving end is always where the call is addressed to. */
  #encode(error: GliaError): Uint8Array {
    return encodeStatus(this.opensHere ? error : madeHere(error, this.destination, this))
  }

  /** For the session: aborts the call when a signal aborts, or after a time. */
  abortWith(signal: AbortSignal | undefined, deadlineMs: number | undefined): void {
    if (signal) {
      const onAbort = (): void => this.abort(toGliaError(signal.reason, 'ERR_ABORTED'))
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      this.#release.push(() => signal.removeEventListener('abort', onAbort))
    }
    if (deadlineMs) {
      const late = `The call of ${this.methodName} did not end within its ${deadlineMs} ms.`
      const timer = setTimeout(() => this.abort(new GliaError('ERR_DEADLINE', late)), deadlineMs)
      this.#release.push(() => clearTimeout(timer))
    }
  }

  /** Whether nothing more will be sent or expected. Bytes that arrived may be unread. */
  get silent(): boolean {
    return this.#in.silent && this.#out.silent
  }

  /** Whether the call needs no memory here: both sides have ended, and everything was read. */
  get finished(): boolean {
    return this.#reason !== undefined || (this.#in.finished && this.#out.finished)
  }

  get hasControl(): boolean {
    if (this.#head) return false
    return this.#failDue !== undefined || this.#isExitDue || this.#stopDue || this.#keptDue || this.#in.dueBytes > 0
  }

  get hasData(): boolean {
    return !this.#reason && (this.#head !== undefined || this.#out.hasFrame)
  }

  get #isExitDue(): boolean {
    return this.#exitDue !== undefined && !this.#reason && this.#out.endApartDue
  }

  /** Writes frames without data. @returns false if they do not fit into the batch. */
  writeControl(batch: Batch): boolean {
    const room = batch.room(this.id)
    if (this.#failDue) {
      if (room < this.#failDue.length) return false
      batch.frame(FRAME.FAIL, this.id, this.#failDue.length)
      batch.bytes(this.#failDue)
      this.#failDue = undefined
    } else if (this.#exitDue && this.#isExitDue) {
      if (room < this.#exitDue.length) return false
      batch.frame(FRAME.FAIL, this.id, this.#exitDue.length)
      batch.bytes(this.#exitDue)
      this.#exitDue = undefined
      // This frame ends the whole call, so nothing has to follow.
      this.#stopDue = this.#keptDue = false
      this.#out.endedApart()
    } else if (this.#stopDue) {
      if (room < 0) return false
      batch.frame(FRAME.STOP, this.id, 0)
      this.#stopDue = false
    } else {
      if (room < varintSize(this.#in.dueBytes)) return false
      const bytes = this.#in.grant()
      batch.frame(FRAME.CREDIT, this.id, varintSize(bytes), this.#keptDue ? FLAG.KEPT : 0)
      batch.varint(bytes)
      this.#keptDue = false
    }
    return true
  }

  /** Writes the next frame with data. @returns its bytes, 0 if it does not fit into the batch. */
  writeData(batch: Batch): number {
    const head = this.#head
    const headBytes = head ? varintSize(head.length) + head.length : 0
    const room = Math.min(batch.room(this.id), MAX_DATA_BYTES) - headBytes
    const sendable = this.#out.sendableBytes
    if (room < 0 || (room < MIN_PART_BYTES && room < sendable && !batch.empty)) return 0
    const dataBytes = Math.min(sendable, room)
    const fin = this.#out.endsWith(dataBytes)
    const written = batch.frame(head ? FRAME.OPEN : FRAME.DATA, this.id, headBytes + dataBytes, fin ? FLAG.FIN : 0)
    if (head) {
      batch.varint(head.length)
      batch.bytes(head)
      this.#head = undefined
    }
    this.#out.moveInto(batch, dataBytes)
    return written
  }

  receive(data: Uint8Array, fin: boolean): void {
    this.#in.receive(data, fin)
    this.#common.changed(this)
  }

  credit(bytes: number, kept = false): void {
    if (kept && this.opensHere) this.#kept = true
    this.#out.credit(bytes)
    this.#common.changed(this)
  }

  /** The other side reads no more. For a caller that may be all. A server goes on until it notices. */
  stop(): void {
    this.#out.stop()
    if (this.opensHere) this.#out.end()
    this.#common.changed(this)
  }

  /** The program on the other side has exited. Its reply can be read to the end, and it reads no more. */
  exited(exit: GliaError): void {
    this.#in.exited(exit)
    this.#out.stop()
    this.#out.end()
    this.#common.changed(this)
  }

  /** Ends the call here, without telling the other side. */
  fail(error: GliaError): void {
    if (this.#reason) return
    this.#reason = error
    this.#stopDue = this.#keptDue = false
    this.#in.abort(error)
    this.#out.abort(error)
    this.#common.changed(this)
    this.release()
    this.#aborter?.abort(error)
  }

  /** Removes everything that would end the call. */
  release(): void {
    for (const release of this.#release) release()
    this.#release = []
  }
}
