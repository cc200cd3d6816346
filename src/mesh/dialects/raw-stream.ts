import type { Stream as Libp2pStream } from '@libp2p/interface'
import { type Address, formatAddress } from '../../glia/address.ts'
import { NO_CONTEXT } from '../../glia/call-context.ts'
import { GliaError, toGliaError } from '../../glia/errors.ts'
import type { Stream } from '../../glia/stream/stream.ts'
import { checkBytes } from '../../glia/untrusted.ts'
import { Incoming, type IncomingInit } from './incoming.ts'
import { EXIT_RESET_MS } from '../limits.ts'
import { sendAll } from '../patches/send-all.ts'

export interface RawStreamInit extends Omit<IncomingInit, 'stream'> {
  address: Address
  caller: string
  /** For a call of this peer: how long the other peer may keep it waiting, in ms. */
  silenceMs?: number | undefined
}

/**
 * The raw dialect: one libp2p stream per call, half close for the end of the message and of the reply, reset for every
 * failure. An error has no type on this wire: the other side only learns that the stream was reset. Glia peers use the
 * session, which has types and a credit of its own.
 */
export class RawStream implements Stream {
  readonly protocol: string
  readonly destination: string
  readonly procId: string
  readonly methodName: string
  readonly caller: string
  readonly expectedBytes = undefined
  readonly silenceMs: number | undefined
  /** This wire has no room for a chain. A call back into a process that waits for it ends with a deadline. */
  readonly context = NO_CONTEXT
  readonly #stream: Libp2pStream
  readonly #incoming: Incoming
  /** Told once. */
  #failed: RawStreamInit['failed']
  #hasWritten = false

  constructor(stream: Libp2pStream, { address, caller, silenceMs, ...rest }: RawStreamInit) {
    this.#failed = rest.failed
    this.protocol = formatAddress(address)
    this.destination = address.host
    this.procId = address.proc
    this.methodName = address.method
    this.caller = caller
    this.silenceMs = silenceMs
    this.#stream = stream
    this.#incoming = new Incoming({ stream, ...rest })
  }

  get signal(): AbortSignal {
    return this.#incoming.signal
  }

  get unreadBytes(): number {
    return this.#incoming.unreadBytes
  }

  read(): Promise<Uint8Array | null> {
    return this.#incoming.read()
  }

  async write(chunk: Uint8Array): Promise<void> {
    checkBytes(chunk)
    this.signal.throwIfAborted()
    if (this.#stream.remoteReadStatus === 'closed') throw refusedWrite('The other side reads no more.')
    if (chunk.length === 0) return
    this.#hasWritten = true
    try {
      await sendAll(this.#stream, chunk)
      this.signal.throwIfAborted()
    } catch (cause) {
      this.signal.throwIfAborted()
      throw refusedWrite('The other side takes no more.', cause)
    }
  }

  async closeRead(): Promise<void> {
    this.#incoming.stop()
  }

  async closeWrite(): Promise<void> {
    // Not awaited: over WebRTC it takes a round trip. If it fails the stream is closed, which the signal tells.
    void this.#stream.close().catch(() => undefined)
  }

  async close(): Promise<void> {
    await this.closeRead()
    await this.closeWrite()
  }

  /** This wire has only a reset. The reader gets some time first, so that the reset takes nothing of the reply away. */
  closeWithExit(exit: GliaError): void {
    if (exit.accepted) return void this.close()
    if (!this.#hasWritten) return this.abort(exit)
    this.#tell(exit)
    this.#incoming.stop()
    const timer = setTimeout(() => this.abort(exit), EXIT_RESET_MS)
    this.#stream.addEventListener('close', () => clearTimeout(timer))
  }

  abort(reason: Error): void {
    if (this.signal.aborted) return
    const error = toGliaError(reason, 'ERR_ABORTED')
    this.#tell(error)
    this.#incoming.fail(error)
    this.#stream.abort(reason)
  }

  #tell(error: GliaError): void {
    this.#failed?.(error)
    this.#failed = undefined
  }
}

function refusedWrite(message: string, cause?: unknown): GliaError {
  return new GliaError('ERR_NO_READER', message, { cause })
}
