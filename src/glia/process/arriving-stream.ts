import type { CallContext } from '../call-context.ts'
import { AHEAD_BYTES } from '../call-limits.ts'
import { endWith } from '../stream/end-with.ts'
import type { GliaError } from '../errors.ts'
import type { Arrived } from './mailbox.ts'
import type { Stream } from '../stream/stream.ts'

/** A message on its way to a process, for its mailbox. */
export interface Arrival {
  readonly arrived: Arrived
  /**
   * Reads more of the message while it waits. @param onCome Called when the message is whole, or when much of it is
   * there.
   */
  readAhead(onCome: () => void): void
  /** The message has its turn. */
  turnCame(): void
}

/** The serving end of a call. Its message is read ahead up to {@link AHEAD_BYTES}, until somebody reads it. */
export class ArrivingStream implements Stream, Arrival {
  readonly #stream: Stream
  #held: Uint8Array[] = []
  #heldBytes = 0
  #ended = false
  /** Settles when the running read-ahead is done. */
  #ahead: Promise<void> | undefined
  #hasTurn = false

  constructor(stream: Stream) {
    this.#stream = stream
  }

  get protocol(): string {
    return this.#stream.protocol
  }
  get destination(): string {
    return this.#stream.destination
  }
  get procId(): string {
    return this.#stream.procId
  }
  get methodName(): string {
    return this.#stream.methodName
  }
  get caller(): string {
    return this.#stream.caller
  }
  get expectedBytes(): number | undefined {
    return this.#stream.expectedBytes
  }
  get began(): Stream['began'] {
    return this.#stream.began
  }
  get context(): CallContext {
    return this.#stream.context
  }
  get signal(): AbortSignal {
    return this.#stream.signal
  }
  get room(): Uint8Array | undefined {
    return this.#stream.room
  }

  get arrived(): Arrived {
    if (this.#ended) return 'whole'
    return this.#heldBytes >= AHEAD_BYTES ? 'much' : 'begun'
  }

  /** Whether the message waits for its turn, or has not begun. */
  get waits(): boolean {
    return !this.#hasTurn
  }

  /** Unread bytes of the message: those that are kept here, and those that the transport keeps. */
  get unreadBytes(): number {
    return this.#heldBytes + (this.#stream.unreadBytes ?? 0)
  }

  /** Resolves when the message has begun, or has ended without a byte. @throws {GliaError} the reason of the abort. */
  async begin(): Promise<void> {
    this.#keep(await this.#stream.read())
  }

  /**
   * Reads on until enough of the message is there, or all of it. What is there stays to be read. Before its turn only.
   * @throws {GliaError} the reason of the abort.
   */
  async peek(isEnough: (held: readonly Uint8Array[]) => boolean): Promise<readonly Uint8Array[]> {
    // oxlint-disable-next-line no-await-in-loop -- one piece after the other
    while (!this.#ended && !isEnough(this.#held)) this.#keep(await this.#stream.read())
    return this.#held
  }

  readAhead(onCome: () => void): void {
    if (this.#hasTurn || this.#ahead || this.arrived !== 'begun' || this.signal.aborted) return
    this.#ahead = this.#readAhead(onCome)
  }

  turnCame(): void {
    this.#hasTurn = true
  }

  async read(into?: Uint8Array): Promise<Uint8Array | null> {
    if (this.signal.aborted) return this.#stream.read()
    if (this.#held.length === 0 && this.#ahead) await this.#ahead
    const chunk = this.#held.shift()
    if (chunk) {
      this.#heldBytes -= chunk.length
      return chunk
    }
    return this.#ended ? null : this.#stream.read(into)
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#stream.write(chunk)
  }

  closeRead(): Promise<void> {
    this.#drop()
    return this.#stream.closeRead()
  }

  closeWrite(): Promise<void> {
    return this.#stream.closeWrite()
  }

  close(): Promise<void> {
    this.#drop()
    return this.#stream.close()
  }

  closeWithExit(exit: GliaError): void {
    this.#drop()
    endWith(this.#stream, exit)
  }

  abort(reason: Error): void {
    this.#drop()
    this.#stream.abort(reason)
  }

  async #readAhead(onCome: () => void): Promise<void> {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one piece after the other
      while (!this.#hasTurn && this.arrived === 'begun') this.#keep(await this.#stream.read())
    } catch {
      // The call was aborted. The next reader gets the reason.
    }
    this.#ahead = undefined
    onCome()
  }

  #keep(chunk: Uint8Array | null): void {
    if (chunk === null) {
      this.#ended = true
      return
    }
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
  }

  #drop(): void {
    this.#held = []
    this.#heldBytes = 0
  }
}
