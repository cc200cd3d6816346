import { type Address, formatAddress } from '../address.ts'
import { type CallContext, NO_CONTEXT } from '../call-context.ts'
import { type GliaError, toGliaError } from '../errors.ts'
import { madeHere } from '../made-here.ts'
import { Pipe } from './pipe.ts'
import type { Stream } from './stream.ts'

export interface StreamInit {
  /** The caller: a peer id, 'browser', or the PID of a process of this peer. */
  caller: string
  /** See `Stream.via`. */
  via?: Stream['via']
  /** Bytes that the caller will send, if it knows. */
  expectedBytes?: number | undefined
  /** See `Stream.key`. */
  key?: string | undefined
  /** See `Stream.began`. Of a message to a process of this peer. */
  began?: (() => void) | undefined
  /** The calls for which this one is made. Left out: none. */
  context?: CallContext | undefined
  /** Id of the peer that serves the call. Failures of the serving end without a peer are this one's. */
  servedBy?: string | undefined
}

/** Two ends of one stream within one thread: the first for the caller, the second for the router. */
export function streamPair(address: Address, init: StreamInit): [caller: Stream, server: Stream] {
  const request = new Pipe()
  const reply = new Pipe()
  const aborter = new AbortController()
  const shared = { address, init, aborter }
  return [new PipeStream(reply, request, shared), new PipeStream(request, reply, shared, init.servedBy)]
}

interface Shared {
  address: Address
  init: StreamInit
  aborter: AbortController
}

class PipeStream implements Stream {
  readonly protocol: string
  readonly destination: string
  readonly procId: string
  readonly methodName: string
  readonly caller: string
  readonly via: Stream['via']
  readonly expectedBytes: number | undefined
  readonly key: string | undefined
  readonly began: Stream['began']
  readonly context: CallContext
  readonly #in: Pipe
  readonly #out: Pipe
  readonly #aborter: AbortController
  readonly #servedBy: string | undefined

  constructor(source: Pipe, sink: Pipe, shared: Shared, servedBy?: string) {
    const { address, init, aborter } = shared
    this.protocol = formatAddress(address)
    this.destination = address.host
    this.procId = address.proc
    this.methodName = address.method
    this.caller = init.caller
    this.via = init.via
    this.expectedBytes = init.expectedBytes
    this.key = init.key
    this.began = init.began
    this.context = init.context ?? NO_CONTEXT
    this.#in = source
    this.#out = sink
    this.#aborter = aborter
    this.#servedBy = servedBy
  }

  get signal(): AbortSignal {
    return this.#aborter.signal
  }

  get unreadBytes(): number {
    return this.#in.unreadBytes
  }

  read(into?: Uint8Array): Promise<Uint8Array | null> {
    return this.#in.read(into)
  }

  get room(): Uint8Array | undefined {
    return this.#out.room
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#out.write(chunk)
  }

  async closeRead(): Promise<void> {
    this.#in.cancel()
  }

  async closeWrite(): Promise<void> {
    this.#out.end()
  }

  async close(): Promise<void> {
    this.#in.cancel()
    this.#out.end()
  }

  closeWithExit(exit: GliaError): void {
    this.#in.cancel()
    this.#out.end(this.#placed(exit))
  }

  get exit(): GliaError | undefined {
    return this.#in.exit
  }

  abort(reason: Error): void {
    if (this.#aborter.signal.aborted) return
    const error = this.#placed(toGliaError(reason, 'ERR_ABORTED'))
    this.#in.abort(error)
    this.#out.abort(error)
    this.#aborter.abort(error)
  }

  #placed(error: GliaError): GliaError {
    return this.#servedBy === undefined ? error : madeHere(error, this.#servedBy, this)
  }
}
