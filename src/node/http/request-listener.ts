import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { GliaError, toGliaError } from '../../glia/errors.ts'
import { brokenEnd } from '../../glia/http/failure-trailer.ts'
import { EXIT_HEADER, exitOf } from '../../glia/http/http-exit.ts'
import { refuse } from '../../glia/http/refuse.ts'
import { LINGER_MS } from '../limits.ts'
import { clientOf } from '../inbound/loopback.ts'
import { type BodyLimits, RequestBody } from './request-body.ts'

/** Facts about a request beside the `Request`. */
export interface Incoming {
  readonly incoming: IncomingMessage
  /** IP address of the client. */
  readonly client: string
  /** The body while it is read; undefined if there is none. */
  readonly body: RequestBody | undefined
  /** Called once, when the answer was sent or the client is gone. */
  onDone(callback: (outcome: 'answered' | 'broken') => void): void
}

/** Answers requests in the form of the Fetch API. */
export type HttpHandler = (request: Request, incoming: Incoming) => Response | Promise<Response>

/**
 * Serves a Fetch API handler over node:http and streams both bodies at once: a reply may begin, and end, while its
 * request is still being sent. A reply that fails after its head breaks the connection, so that it never looks
 * complete. A client that goes away aborts the request's signal and cancels the reply.
 */
export function requestListener(handler: HttpHandler, limits: BodyLimits): RequestListener {
  return (incoming, response) => {
    const gone = new AbortController()
    const body = hasBody(incoming) ? new RequestBody(incoming, limits) : undefined
    const request = toRequest(incoming, gone.signal, body)
    response.once('close', () => {
      // The request is used here on purpose: that keeps its signal alive until now.
      if (!response.writableFinished && request?.signal.aborted === false) gone.abort()
    })
    response.once('finish', () => linger(incoming))
    void answer(request, { incoming, response, body }, { handler, limits })
  }
}

/** A request and its answer, as Node's objects. */
interface Exchange {
  readonly incoming: IncomingMessage
  readonly response: ServerResponse
  readonly body: RequestBody | undefined
}

async function answer(
  request: Request | undefined,
  exchange: Exchange,
  { handler, limits }: { handler: HttpHandler; limits: BodyLimits },
): Promise<void> {
  const { incoming, response } = exchange
  try {
    const reply = request
      ? await handler(request, contextOf(exchange))
      : refuse(
          new GliaError(
            'ERR_BAD_REQUEST',
            'The server cannot answer this request: its method is not allowed, or its path is not valid.',
          ),
        )
    await send(reply, response, incoming, limits.bodyIdleMs)
  } catch (thrown) {
    // A handler turns its own errors into replies, so this failure came after the head. The body must not end as if it
    // were whole.
    if (response.headersSent) breakOff(toGliaError(thrown), incoming, response)
    else await send(refuse(toGliaError(thrown)), response, incoming, limits.bodyIdleMs).catch(() => response.destroy())
  }
}

function hasBody({ method }: IncomingMessage): boolean {
  return method !== 'GET' && method !== 'HEAD'
}

/** Undefined if it cannot be a Request: TRACE, or a target that is no path. */
function toRequest(incoming: IncomingMessage, signal: AbortSignal, body: RequestBody | undefined): Request | undefined {
  const { method = 'GET', url = '' } = incoming
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, [value].flat().join(', '))
  }
  try {
    // Nothing depends on this name: the Host header has the name that the client used.
    return new Request(new URL(url.replace(/^\/+/, '/'), 'http://localhost/'), {
      method,
      headers,
      signal,
      ...(body && { body: body.stream, duplex: 'half' as const }),
    })
  } catch {
    return undefined
  }
}

function contextOf({ incoming, response, body }: Exchange): Incoming {
  return {
    incoming,
    body,
    client: clientOf(incoming),
    onDone: (callback) => {
      const done = (): void => callback(response.writableFinished ? 'answered' : 'broken')
      if (response.closed) done()
      else response.once('close', done)
    },
  }
}

async function send(
  reply: Response,
  response: ServerResponse,
  incoming: IncomingMessage,
  idleMs: number,
): Promise<void> {
  response.writeHead(reply.status, Object.fromEntries(reply.headers))
  const reader = reply.body?.getReader()
  if (!reader || incoming.method === 'HEAD') {
    await reader?.cancel()
    response.end()
    return
  }
  const cancel = (): void =>
    void reader.cancel(new GliaError('ERR_ABORTED', 'The caller went away.')).catch(() => undefined)
  response.once('close', cancel)
  if (response.closed) cancel()
  // A reply may begin long before its first byte is there.
  response.flushHeaders()
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    if (!response.write(next.value)) await drained(response, idleMs)
  }
  const exit = await exitOf(reply)
  if (exit?.exitCode !== undefined) response.addTrailers({ [EXIT_HEADER]: String(exit.exitCode) })
  response.end()
}

/** Waits until the client has taken the bytes. @throws {GliaError} if it does not, or goes away. */
async function drained(response: ServerResponse, idleMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onClose = (): void => reject(new GliaError('ERR_ABORTED', 'The caller went away.'))
  const timer = setTimeout(() => reject(new GliaError('ERR_DEADLINE', 'The caller does not read its reply.')), idleMs)
  response.once('drain', resolve).once('close', onClose)
  if (response.closed) onClose()
  try {
    await promise
  } finally {
    clearTimeout(timer)
    response.off('drain', resolve).off('close', onClose)
  }
}

/**
 * The written bytes go out first, then the failure. Without chunks, as in HTTP/1.0, only a reset tells a broken body
 * from a whole one.
 */
function breakOff(error: GliaError, { httpVersion, socket }: IncomingMessage, response: ServerResponse): void {
  // Node 26 passes what was written to the response on to the socket in the next tick, and its end has to come behind.
  setImmediate(() => {
    if (response.chunkedEncoding && response.socket === socket) socket.write(brokenEnd(error))
    setImmediate(() => (httpVersion === '1.0' ? socket.resetAndDestroy() : socket.destroySoon()))
  })
  setTimeout(() => response.destroy(), LINGER_MS).unref()
}

/** The answer was sent while the client still sends. It may finish, but not for ever. */
function linger(incoming: IncomingMessage): void {
  if (incoming.complete) return
  const timer = setTimeout(() => incoming.socket.destroySoon(), LINGER_MS)
  timer.unref()
  incoming.once('close', () => clearTimeout(timer)).once('end', () => clearTimeout(timer))
}
