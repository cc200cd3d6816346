import { Hono } from 'hono/tiny'
import { PROTOCOL } from '../address.ts'
import type { Env } from '../env.ts'
import { GliaError, toGliaError } from '../errors.ts'
import { PROCESS_PATHS, type QueryPath } from './api-paths.ts'
import { type CallerOptions, type CallReply, type CallRequest, HttpCalls } from './http-calls.ts'
import { noteExit } from './http-exit.ts'
import { API_HEADERS, noPath, refuse } from './refuse.ts'
import { askInTime, type AskListing, type ListedProcess } from '../listing.ts'
import type { Router } from '../router.ts'
import { readableFrom, sourceOf } from '../stream/web-streams.ts'

/** Answers one request of the HTTP API. */
export type HttpApi = (request: Request, options?: HttpCallOptions) => Promise<Response>

export interface HttpCallOptions extends CallerOptions {
  /**
   * The body of the request, for platforms without Request.body (Firefox ESR 153). Left out: taken from the request.
   */
  body?: ReadableStream<Uint8Array> | null | undefined
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
  /** The calls over HTTP, if they are also made without a `Request`. Left out: calls of its own. */
  calls?: HttpCalls | undefined
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
  const calls = init.calls ?? new HttpCalls(init.router)
  app.post(PROCESS_PATHS, async ({ req, env }) => responseOf(await calls.deliver(callRequestOf(req.raw, env), env)))
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

function callRequestOf(request: Request, options: HttpCallOptions): CallRequest {
  const { pathname, search } = new URL(request.url)
  const { headers, signal } = request
  const body = options.body === undefined ? request.body : options.body
  return {
    path: pathname,
    query: search.slice(1),
    headers,
    body: body && sourceOf(body),
    onGone: (callback) => {
      if (signal.aborted) callback(signal.reason)
      else signal.addEventListener('abort', () => callback(signal.reason), { once: true })
    },
  }
}

function responseOf(reply: CallReply): Response {
  const { headers, first, ended } = reply
  return noteExit(new Response(first && readableFrom(reply, { first }), { headers }), ended)
}

function wrongVerb(allowed: string): GliaError {
  return new GliaError('ERR_BAD_VERB', `This path takes ${allowed} only.`)
}

function respond(answer: string | object): Response {
  const text = typeof answer === 'string'
  const type = text ? 'text/plain; charset=utf-8' : 'application/json'
  return new Response(text ? answer : JSON.stringify(answer), { headers: { ...API_HEADERS, 'content-type': type } })
}
