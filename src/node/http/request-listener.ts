import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { GliaError, toGliaError } from '../../glia/errors.ts'
import { brokenEnd } from '../../glia/http/failure-trailer.ts'
import type { CallReply } from '../../glia/http/http-calls.ts'
import { refuse } from '../../glia/http/refuse.ts'
import { BREAK_MS, LINGERING } from '../limits.ts'
import { Exchange, type Incoming } from './exchange.ts'
import type { BodyLimits } from './request-body.ts'
import { sendCallReply, sendResponse } from './send-reply.ts'

const VERBS = 'GET, HEAD, POST, OPTIONS'

/** Answers a request in the form of the Fetch API. */
export type HttpHandler = (request: Request, incoming: Incoming) => Response | Promise<Response>

/** Answers requests. */
export interface Handlers {
  readonly fetch: HttpHandler
  /**
   * Answers a request without a `Request`: making one takes longer than a small call. If it returns undefined, `fetch`
   * answers.
   */
  readonly call?: ((incoming: Incoming) => Promise<CallReply | Response> | undefined) | undefined
  /** Told of each request. */
  readonly began?: ((incoming: Incoming) => void) | undefined
}

/**
 * Serves handlers over node:http and streams both bodies at once: a reply may begin, and end, while its request is
 * still being sent. A reply that fails after its head breaks the connection, so that it never looks complete. A client
 * that goes away aborts the request's signal and cancels the reply.
 */
export function requestListener(handlers: Handlers, limits: BodyLimits, lingering = LINGERING): RequestListener {
  return (incoming, response) => {
    const exchange = new Exchange(incoming, response, limits)
    response.once('finish', () => linger(incoming, lingering))
    handlers.began?.(exchange)
    void answer(exchange, handlers, limits.bodyIdleMs)
  }
}

async function answer(exchange: Exchange, handlers: Handlers, idleMs: number): Promise<void> {
  const { incoming, response } = exchange
  const sending = { incoming, response, idleMs }
  try {
    const reply = await (handlers.call?.(exchange) ?? answerRequest(exchange, handlers))
    if (reply instanceof Response) await sendResponse(reply, sending)
    else await sendCallReply(reply, sending)
  } catch (thrown) {
    // After the head the status cannot change. The body must not end as if it were whole.
    if (response.headersSent) breakOff(toGliaError(thrown), incoming, response)
    else await sendResponse(refuse(toGliaError(thrown)), sending).catch(() => response.destroy())
  }
}

function answerRequest(exchange: Exchange, { fetch }: Handlers): Response | Promise<Response> {
  if (exchange.request) return fetch(exchange.request, exchange)
  // A `Request` cannot have this method.
  if (exchange.incoming.method === 'TRACE') {
    return refuse(new GliaError('ERR_BAD_VERB', `This server takes ${VERBS} only.`), { allow: VERBS })
  }
  return refuse(new GliaError('ERR_BAD_REQUEST', 'The server cannot answer this request: its path is not valid.'))
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
  setTimeout(() => response.destroy(), BREAK_MS).unref()
}

/** The answer was sent while the client still sends. It may finish, but not for ever. */
function linger(incoming: IncomingMessage, { inAllMs, idleMs }: typeof LINGERING): void {
  if (incoming.complete) return
  const { socket } = incoming
  const until = performance.now() + inAllMs
  let { bytesRead } = socket
  const look = (): void => {
    if (socket.bytesRead === bytesRead || performance.now() >= until) {
      socket.destroySoon()
      return
    }
    ;({ bytesRead } = socket)
    timer.refresh()
  }
  const timer = setTimeout(look, idleMs).unref()
  incoming.once('close', () => clearTimeout(timer)).once('end', () => clearTimeout(timer))
}
