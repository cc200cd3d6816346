import { Hono } from 'hono/tiny'
import { PROTOCOL } from '../address.ts'
import { type CallContext, NO_CONTEXT } from '../call-context.ts'
import type { Env } from '../env.ts'
import { GliaError, toGliaError } from '../errors.ts'
import { PROCESS_PATHS, type QueryPath } from './api-paths.ts'
import { acceptsExit, EXIT_HEADER, noteExit, ProgramReply, readsTrailers } from './http-exit.ts'
import type { KeyedCalls } from './keyed-calls.ts'
import { keyedLoader } from './load-keyed.ts'
import { API_HEADERS, noPath, refuse } from './refuse.ts'
import { readRequestKey } from './request-key.ts'
import { askInTime, type AskListing, type ListedProcess } from '../listing.ts'
import type { Router } from '../router.ts'
import type { Stream } from '../stream/stream.ts'
import type { StreamInit } from '../stream/stream-pair.ts'
import { traceOf } from '../trace-context.ts'
import { pumpInto, readableFrom } from '../stream/web-streams.ts'

/** Answers one request of the HTTP API. */
export type HttpApi = (request: Request, options?: HttpCallOptions) => Promise<Response>

export interface HttpCallOptions {
  /**
   * The body of the request, for platforms without Request.body (Firefox ESR 153). Left out: taken from the request.
   */
  body?: ReadableStream<Uint8Array> | null | undefined
  /** Who is calling: a peer id, or 'browser', the default. */
  caller?: string | undefined
  /** The owner of the `Idempotency-Key`: a page. Left out: the client, or else the caller. */
  keyOwner?: string | undefined
  /**
   * Length of the body, if something other than Content-Length tells it (browsers strip that header from a Request).
   */
  bodyBytes?: number | undefined
  /** The client for which the caller calls, if it has several ({@link CallContext.client}). */
  client?: string | undefined
  /** The calls for which this one is made, if it comes from another tab of this browser. */
  context?: CallContext | undefined
  /** Whether the caller asks {@link exitOf} for the exit. Then every exit code ends the body as 0 does. */
  tellsExit?: boolean | undefined
}

export interface HttpInit {
  env: Env
  router: Router
  /** The processes that are listed to other peers. Left out: none. */
  listed?: (() => readonly ListedProcess[]) | undefined
  /** The connected peers. Left out: none. */
  peers?: (() => readonly ConnectedPeer[]) | undefined
  /** Left out: no other peer can be asked. */
  listingOf?: AskListing | undefined
}

/** A peer as the API shows it. Its network addresses are left out, because they concern nobody else. */
export interface ConnectedPeer {
  readonly id: string
  readonly link: 'direct' | 'relayed'
  /** Name and version of its software, as the peer says. */
  readonly agent: string | undefined
  /** Whether it runs processes that can be called. */
  readonly processes: boolean
}

/** What a peer lists to this one. The path is an address of the peer without process and method. */
const LISTING = `${PROTOCOL}/:host/listed`

/** Paths that are read with GET. Each answers with a text or with JSON. */
const QUERIES: Record<QueryPath | '/listed', (init: HttpInit) => string | object> = {
  '/status': ({ router: { aliases } }) => `${PROTOCOL.slice(1)}/${aliases.self}/${aliases.root}`,
  // For other tabs of the browser.
  '/listed': ({ listed }) => listed?.() ?? [],
  '/peers': ({ peers }) => peers?.() ?? [],
  '/info': ({ env }) => ({ ID: env.localHost().peerId, Addrs: env.localHost().addrs() }),
  '/version': () => PROTOCOL.slice(1),
  '/root': ({ router }) => router.aliases.root,
}

/**
 * The HTTP API over a router. The service worker, the gateway and the tests use the same function. Failures are JSON
 * `{code, message}`. A failure after the head was sent breaks the body.
 */
export function createHttp(init: HttpInit): HttpApi {
  const app = new Hono<{ Bindings: HttpCallOptions }>()
  for (const [path, answer] of Object.entries(QUERIES)) {
    app.get(path, () => respond(answer(init)))
    app.all(path, () => refuse(wrongVerb('GET, HEAD'), { allow: 'GET, HEAD' }))
  }
  app.get(LISTING, async ({ req }) => respond(await listingOf(init, req.param('host'), req.raw.signal)))
  app.all(LISTING, () => refuse(wrongVerb('GET, HEAD'), { allow: 'GET, HEAD' }))
  const getKeyed = keyedLoader()
  app.post(PROCESS_PATHS, ({ req, env }) => deliver(init.router, getKeyed, req.raw, env))
  app.all(PROCESS_PATHS, () => refuse(wrongVerb('POST'), { allow: 'POST' }))
  app.notFound(({ req }) => refuse(noPath(req.path)))
  app.onError((thrown) => refuse(toGliaError(thrown)))
  return async (request, options = {}) => app.fetch(request, options)
}

async function listingOf(init: HttpInit, host: string, signal: AbortSignal): Promise<readonly ListedProcess[]> {
  const { router, listed, listingOf: ask } = init
  if (host === 'self' || host === router.aliases.self) return listed?.() ?? []
  if (!ask) throw new GliaError('ERR_UNREACHABLE', 'This peer cannot ask other peers what they list.')
  return askInTime(ask, host, signal)
}

async function deliver(
  router: Router,
  getKeyed: () => Promise<KeyedCalls>,
  request: Request,
  options: HttpCallOptions,
): Promise<Response> {
  const exitIsOk = acceptsExit(request)
  const key = readRequestKey(request.headers)
  const path = pathOf(request)
  const { signal } = request
  if (signal.aborted) throw gaveUp()
  const body = options.body === undefined ? request.body : options.body
  const address = await router.resolve(path, signal)
  const init = { ...streamInitOf(request, options), key: address.host === router.aliases.self ? undefined : key }
  const open = (): Stream => router.open(address, init)
  const keyOwner = options.keyOwner ?? options.client ?? options.caller ?? 'browser'
  const call =
    key === undefined
      ? callOnce(open(), body, signal)
      : await (await getKeyed()).take({ owner: keyOwner, key, path }, { body, signal }, open)
  const reply = new ProgramReply(call, exitIsOk || options.tellsExit === true)
  // The exit code is known only at the end. For a client that reads no trailers it belongs into the head.
  const hasEnded = (exitIsOk || router.hasOkExits(address)) && !readsTrailers(request) && (await reply.hold())
  // The head waits for the first byte or the end of the reply, so that a failure until then has its own status.
  const first = await reply.read()
  const exit = hasEnded || first === null ? await reply.ended : undefined
  const code = exit?.exitCode ?? (hasEnded ? 0 : undefined)
  const response = new Response(first === null ? null : readableFrom(call, { first, read: () => reply.read() }), {
    headers: {
      ...API_HEADERS,
      'content-type': 'application/octet-stream',
      ...(code !== undefined && { [EXIT_HEADER]: String(code) }),
      ...(init.context?.trace !== undefined && { traceparent: init.context.trace }),
    },
  })
  return noteExit(response, reply.ended)
}

function streamInitOf(request: Request, options: HttpCallOptions): StreamInit {
  const { caller = 'browser', context = NO_CONTEXT, client = context.client } = options
  const trace = context.trace ?? traceOf(request.headers.get('traceparent'))
  const isPlain = client === context.client && trace === context.trace
  return {
    caller,
    expectedBytes: options.bodyBytes ?? lengthOf(request),
    context: isPlain ? context : { ...context, client, trace },
  }
}

/** Sends the message of a call that belongs to this request alone. @returns the call. */
function callOnce(stream: Stream, body: ReadableStream<Uint8Array> | null, signal: AbortSignal): Stream {
  const giveUp = (): void => stream.abort(isGivenUp(signal.reason) ? signal.reason : gaveUp())
  signal.addEventListener('abort', giveUp, { once: true })
  void pumpInto(stream, body)
  return stream
}

/** Whether the caller says that it gave up. Otherwise it was lost. */
function isGivenUp(reason: unknown): reason is GliaError {
  return reason instanceof GliaError && reason.code === 'ERR_ABORTED'
}

function gaveUp(): GliaError {
  return new GliaError('ERR_ABORTED', 'The caller gave up.')
}

function pathOf(request: Request): string {
  const { pathname } = new URL(request.url)
  try {
    return decodeURIComponent(pathname)
  } catch (cause) {
    throw new GliaError('ERR_BAD_ADDRESS', `The path ${pathname} is not valid percent-encoding.`, { cause })
  }
}

function lengthOf(request: Request): number | undefined {
  const header = request.headers.get('content-length')
  return header !== null && /^\d{1,15}$/.test(header) ? Number(header) : undefined
}

function wrongVerb(allowed: string): GliaError {
  return new GliaError('ERR_BAD_VERB', `This path takes ${allowed} only.`)
}

function respond(answer: string | object): Response {
  const text = typeof answer === 'string'
  const type = text ? 'text/plain; charset=utf-8' : 'application/json'
  return new Response(text ? answer : JSON.stringify(answer), { headers: { ...API_HEADERS, 'content-type': type } })
}
