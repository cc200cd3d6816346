import type { Stream as Libp2pStream, StreamCloseEvent } from '@libp2p/interface'
import { GliaError } from '../../glia/errors.ts'
import { piecesOf } from './libp2p-stream.ts'
import { READ_AHEAD_BYTES } from '../limits.ts'
import { Brake } from '../patches/brake.ts'
import { channelOf, isBroken } from '../patches/broken-channel.ts'
import { Unheld } from './unheld.ts'

export interface IncomingInit {
  stream: Libp2pStream
  /** Peer id of the peer at the other end. */
  remote: string
  /** Why the stream was reset or lost, if more is known than libp2p tells. */
  explain?: (() => GliaError | undefined) | undefined
  /** Asks the other side why it reset the stream. Never rejects. Left out: it cannot be asked. */
  askWhy?: (() => Promise<GliaError | undefined>) | undefined
  /** Told of the error with which this side ends the stream. */
  failed?: ((error: GliaError) => void) | undefined
}

/**
 * The reading half of a libp2p stream. libp2p's own `for await` queues without a limit, and waits for ever if the end
 * came first (libp2p 3.3).
 *
 * Not reading holds the sender if the transport can: yamux gives a paused stream no new window. A paused stream then
 * holds at most one window, and the queue here another, which together are less than the 4 MiB at which libp2p resets a
 * stream. The data channels of WebRTC cannot hold a sender: there everything is taken, up to a limit ({@link Unheld}).
 */
export class Incoming {
  readonly #init: IncomingInit
  readonly #aborter = new AbortController()
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #ended = false
  #stopped = false
  readonly #brake: Brake
  readonly #unheld: Unheld | undefined
  #wake: (() => void) | undefined

  constructor(init: IncomingInit) {
    this.#init = init
    const { stream } = init
    this.#brake = new Brake(stream)
    if (channelOf(stream)) this.#unheld = new Unheld()
    stream.addEventListener('remoteCloseWrite', () => this.#onEnd())
    stream.addEventListener('close', (event) => this.#onClose(event))
    // Added last: adding it delivers the messages that have already come.
    stream.addEventListener('message', ({ data }) => this.#receive(piecesOf(data)))
    if (stream.status === 'reset') this.#wasReset()
    else if (stream.status !== 'open') this.fail(this.#lost())
    else if (stream.remoteWriteStatus === 'closed') this.#onEnd()
  }

  /** Aborts when the stream is reset or lost. Its reason is a GliaError. */
  get signal(): AbortSignal {
    return this.#aborter.signal
  }

  /** Bytes that have come and were not read. */
  get unreadBytes(): number {
    return this.#queuedBytes + this.#init.stream.readBufferLength
  }

  /** The next bytes, never an empty array; null at the end. @throws {GliaError} the reason of the signal. */
  async read(): Promise<Uint8Array | null> {
    for (;;) {
      this.signal.throwIfAborted()
      if (this.#stopped) return null
      const piece = this.#take()
      if (piece) return piece
      if (this.#ended && this.#init.stream.readBufferLength === 0) return null
      // oxlint-disable-next-line no-await-in-loop -- waits for the next piece
      await this.#arrival()
    }
  }

  /** Stops reading: further bytes are dropped. On yamux the sender does not learn of it. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#drop()
    this.#wake?.()
    this.#resume()
    void this.#init.stream.closeRead().catch(() => undefined)
  }

  /** Ends the stream with an error, which reads throw from now on. */
  fail(error: GliaError): void {
    this.#drop()
    this.#aborter.abort(error)
    this.#wake?.()
  }

  #receive(pieces: Iterable<Uint8Array>): void {
    for (const piece of pieces) {
      if (this.#stopped || this.signal.aborted) return
      if (this.#unheld?.add(piece.length) === false) return this.#end(this.#tooFast())
      this.#queue.push(piece)
      this.#queuedBytes += piece.length
    }
    this.#hold()
    this.#wake?.()
  }

  #take(): Uint8Array | undefined {
    const piece = this.#queue.shift()
    if (!piece) return undefined
    this.#queuedBytes -= piece.length
    this.#unheld?.remove(piece.length)
    if (this.#queuedBytes <= READ_AHEAD_BYTES / 2) this.#resume()
    return piece
  }

  /** Holds the sender while enough bytes wait. */
  #hold(): void {
    if (this.#unheld) return
    if (!this.#stopped && this.#queuedBytes > READ_AHEAD_BYTES) this.#brake.pause()
  }

  #resume(): void {
    if (this.#brake.resume()) this.#hold()
  }

  async #arrival(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    await promise
    this.#wake = undefined
  }

  /** Ends the stream with an error, for both sides. */
  #end(error: GliaError): void {
    this.#init.failed?.(error)
    this.fail(error)
    this.#init.stream.abort(error)
  }

  #drop(): void {
    this.#queue = []
    this.#queuedBytes = 0
    this.#unheld?.clear()
  }

  #onEnd(): void {
    if (isBroken(this.#init.stream)) {
      this.fail(this.#lost())
      return
    }
    this.#ended = true
    this.#wake?.()
  }

  #onClose({ error }: StreamCloseEvent): void {
    if (error?.name === 'StreamResetError') this.#wasReset(error)
    else if (error || !this.#ended) this.fail(this.#lost(error))
    else this.#resume()
  }

  #wasReset(cause?: Error): void {
    if (this.signal.aborted) return
    const { explain, askWhy, remote } = this.#init
    const fail = (why: GliaError | undefined): void =>
      this.fail(
        why ?? new GliaError('ERR_RESET', `${remote} reset the call: it failed there, or was refused.`, { cause }),
      )
    const known = explain?.()
    // Reads wait for the answer. After the end of the stream a read would take that end instead.
    if (known || !askWhy || this.#ended) fail(known)
    else void askWhy().then(fail)
  }

  #tooFast(): GliaError {
    const message = `${this.#init.remote} sends faster than it is read. Over WebRTC this peer cannot hold it, and has no more memory for what waits.`
    return new GliaError('ERR_RESET', message)
  }

  #lost(cause?: Error): GliaError {
    const explained = this.#init.explain?.()
    if (explained) return explained
    const message = `The connection to ${this.#init.remote} was lost during the call.`
    return cause instanceof GliaError ? cause : new GliaError('ERR_UNREACHABLE', message, { cause })
  }
}
