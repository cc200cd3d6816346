import type { IncomingMessage, ServerResponse } from 'node:http'
import { clientOf } from '../inbound/loopback.ts'
import { type BodyLimits, RequestBody } from './request-body.ts'

export type Outcome = 'answered' | 'broken'

/** Facts about a request beside the `Request`. */
export interface Incoming {
  readonly incoming: IncomingMessage
  /** IP address of the client. */
  readonly client: string
  /** The body while it is read; undefined if there is none. */
  readonly body: RequestBody | undefined
  /** Called once, when the answer was sent or the client is gone. @param status 499 if no head was sent. */
  readonly onDone: (callback: (outcome: Outcome, status: number) => void) => void
}

/** A request and its answer, as Node's objects. The `Request` and the signal are made on their first use: they are slow. */
export class Exchange implements Incoming {
  readonly incoming: IncomingMessage
  readonly response: ServerResponse
  readonly body: RequestBody | undefined
  #request: Request | undefined
  #gone: AbortController | undefined
  #client: string | undefined
  readonly #done: ((outcome: Outcome, status: number) => void)[] = []

  constructor(incoming: IncomingMessage, response: ServerResponse, limits: BodyLimits) {
    this.incoming = incoming
    this.response = response
    this.body = hasBody(incoming) ? new RequestBody(incoming, limits) : undefined
    response.once('close', () => this.#close())
  }

  get client(): string {
    this.#client ??= clientOf(this.incoming)
    return this.#client
  }

  /** Aborts when the client goes away before its answer was sent. */
  get #signal(): AbortSignal {
    if (!this.#gone) {
      this.#gone = new AbortController()
      if (this.#isGone) this.#gone.abort()
    }
    return this.#gone.signal
  }

  get #isGone(): boolean {
    return this.response.closed && !this.response.writableFinished
  }

  /** The request as a `Request` of the Fetch API. Undefined if that is impossible: TRACE, or a target that is no path. */
  get request(): Request | undefined {
    this.#request ??= toRequest(this.incoming, this.#signal, this.body)
    return this.#request
  }

  readonly onDone = (callback: (outcome: Outcome, status: number) => void): void => {
    if (this.response.closed) this.#tell(callback)
    else this.#done.push(callback)
  }

  #close(): void {
    // The request is used here on purpose: that keeps its signal alive until now.
    if (this.#isGone && this.#request?.signal.aborted !== true) this.#gone?.abort()
    for (const callback of this.#done) this.#tell(callback)
  }

  #tell(callback: (outcome: Outcome, status: number) => void): void {
    const { writableFinished, headersSent, statusCode } = this.response
    callback(writableFinished ? 'answered' : 'broken', headersSent ? statusCode : 499)
  }
}

/** The target of a request as a URL. Nothing depends on its host: the Host header has the name that the client used. */
export function targetOf({ url = '' }: IncomingMessage): URL {
  return new URL(url.replace(/^\/+/, '/'), 'http://localhost/')
}

function hasBody({ method }: IncomingMessage): boolean {
  return method !== 'GET' && method !== 'HEAD'
}

function toRequest(incoming: IncomingMessage, signal: AbortSignal, body: RequestBody | undefined): Request | undefined {
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, [value].flat().join(', '))
  }
  try {
    return new Request(targetOf(incoming), {
      method: incoming.method ?? 'GET',
      headers,
      signal,
      ...(body && { body: body.stream, duplex: 'half' as const }),
    })
  } catch {
    return undefined
  }
}
