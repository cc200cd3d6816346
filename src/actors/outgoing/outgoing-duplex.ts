import { GliaError, toGliaError } from '../../glia/errors.ts'
import { Breather } from '../../glia/wait/next-task.ts'
import { errnoOf } from './call-errno.ts'
import type { Carrier } from '../carrier/carrier.ts'
import { BROKEN } from '../carrier/ring.ts'

/** Longest time that the bytes of one call keep the page's thread, in ms, if both sides are equally fast. */
const HOLD_MS = 8

/** Room for replies that arrive while their guests still write. The calls of a process share it. */
export class Backlog {
  #leftBytes: number

  constructor(bytes: number) {
    this.#leftBytes = bytes
  }

  /** Takes room. @returns false if there is not so much. */
  take(bytes: number): boolean {
    if (bytes > this.#leftBytes) return false
    this.#leftBytes -= bytes
    return true
  }

  give(bytes: number): void {
    this.#leftBytes += bytes
  }
}

/**
 * The page's end of a file that a guest has opened: reads the guest's request, and writes the reply.
 *
 * A guest writes its whole request before it reads, unless it polls. A method that replies meanwhile would fill every
 * buffer on the way and stop reading, and the two would wait for each other. So a reply that comes before the end of
 * the request is kept, within the backlog. Beyond it, and after the end of the request, the writer is held until the
 * guest reads.
 */
export class OutgoingDuplex {
  readonly #carrier: Carrier
  readonly #backlog: Backlog
  readonly #aborter = new AbortController()
  readonly #breather = new Breather(HOLD_MS)
  /** The part of the reply that has found no room yet, and how much of it is in the backlog. */
  readonly #queue: Uint8Array[] = []
  #kept = 0
  #pumping = false
  #replyEnded = false
  /** The errno behind the reply; 0 means the end of the file. */
  #endErrno = 0
  #requestStopped = false
  /** The writer that is held. */
  #held: PromiseWithResolvers<void> | undefined

  constructor(carrier: Carrier, backlog: Backlog) {
    this.#carrier = carrier
    this.#backlog = backlog
  }

  get signal(): AbortSignal {
    return this.#aborter.signal
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      this.signal.throwIfAborted()
      if (this.#requestStopped) return null
      const chunk = this.#carrier.take()
      if (chunk) {
        await this.#breather.breathe()
        return chunk
      }
      if (this.#carrier.finished) return null
      // oxlint-disable-next-line no-await-in-loop -- until there is something
      await this.#carrier.arrival()
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.signal.throwIfAborted()
    if (this.#replyEnded) throw new GliaError('ERR_NO_READER', 'The stream was already closed for writing.')
    if (this.#held) throw new GliaError('ERR_INTERNAL', 'A stream has one writer at a time.')
    const sent = this.#queue.length === 0 ? this.#carrier.put(chunk) : 0
    if (sent === BROKEN) throw notRead()
    if (sent === chunk.length) return
    const rest = chunk.subarray(sent)
    this.#queue.push(rest)
    const isKept = !this.#carrier.ended && this.#backlog.take(rest.length)
    if (isKept) this.#kept += rest.length
    else this.#held = Promise.withResolvers()
    const held = this.#held?.promise
    void this.#pump()
    await held
  }

  async closeRead(): Promise<void> {
    if (this.#requestStopped || this.signal.aborted) return
    this.#requestStopped = true
    this.#carrier.stop()
  }

  async closeWrite(): Promise<void> {
    if (this.#replyEnded || this.signal.aborted) return
    this.#endReply(0)
  }

  async close(): Promise<void> {
    await this.closeWrite()
    await this.closeRead()
  }

  /** The guest reads the whole reply, and then the errno of the exit. */
  closeWithExit(exit: GliaError): void {
    if (!this.#replyEnded && !this.signal.aborted) this.#endReply(exit.accepted ? 0 : errnoOf(exit.code))
    void this.closeRead()
  }

  abort(reason: Error): void {
    if (this.signal.aborted) return
    const error = toGliaError(reason, 'ERR_ABORTED')
    this.#drop(error)
    this.#aborter.abort(error)
    this.#carrier.fail(errnoOf(error.code))
    this.#carrier.wake()
  }

  /** Sends the queue as room comes. */
  async #pump(): Promise<void> {
    if (this.#pumping) return
    this.#pumping = true
    for (let chunk = this.#queue[0]; chunk !== undefined; chunk = this.#queue[0]) {
      const sent = this.#carrier.put(chunk)
      if (sent === BROKEN) {
        this.#drop(notRead())
        break
      }
      if (sent === chunk.length) this.#queue.shift()
      else this.#queue[0] = chunk.subarray(sent)
      this.#giveBack(sent)
      // oxlint-disable-next-line no-await-in-loop -- until there is room
      await (sent === 0 ? this.#carrier.roomCame() : this.#breather.breathe())
    }
    this.#pumping = false
    this.#held?.resolve()
    this.#held = undefined
    if (this.#replyEnded && !this.signal.aborted) this.#carrier.end(this.#endErrno)
  }

  #endReply(errno: number): void {
    this.#replyEnded = true
    this.#endErrno = errno
    if (this.#queue.length === 0) this.#carrier.end(errno)
  }

  /** The queue is not sent any more. */
  #drop(error: GliaError): void {
    this.#queue.length = 0
    this.#giveBack(this.#kept)
    this.#held?.reject(error)
    this.#held = undefined
  }

  /** The bytes that are sent first were kept first. */
  #giveBack(bytes: number): void {
    const given = Math.min(bytes, this.#kept)
    this.#kept -= given
    this.#backlog.give(given)
  }
}

function notRead(): GliaError {
  return new GliaError('ERR_NO_READER', 'The other side does not read any more.')
}
