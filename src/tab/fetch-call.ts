import { PROTOCOL } from '../glia/address.ts'
import { cancellation } from '../glia/cancel.ts'
import { GliaError } from '../glia/errors.ts'
import type { HttpApi } from '../glia/http/http.ts'
import { KEY_HEADER, withAge } from '../glia/http/request-key.ts'

/** Waits before an unanswered request is sent again, in ms. A stopped service worker is back within 100 ms. */
const RETRY_MS = [50, 200, 1000, 3000]

export interface FetchCallInit {
  /** The URL of the app. Addresses are below it. */
  base: URL
  /** The HTTP API of this page's own peer. */
  api: HttpApi
  /** The owner of the `Idempotency-Key` of this page's requests. */
  client(): string
}

/**
 * `fetch` for calls. A URL below the app goes straight to the peer of this page, without a service worker that could be
 * stopped. Other URLs (a gateway) go over the network. A call there has an `Idempotency-Key`: if no answer comes, it
 * can be sent again without running twice. Of other requests only those that change nothing are sent again.
 * @throws {GliaError} instead of what `fetch` throws: ERR_BAD_REQUEST if no request can be made of it; ERR_ABORTED if
 * its signal aborts; ERR_UNREACHABLE if a server elsewhere gave no answer.
 */
export async function fetchCall(
  target: string | URL | Request,
  options: RequestInit,
  init: FetchCallInit,
): Promise<Response> {
  const isStreamed = options.body instanceof ReadableStream
  const request = makeRequest(target, options, init.base)
  const path = pathBelow(request.url, init.base)
  if (path !== undefined) return askPeer(request, path, options.body, init)
  const isCall = request.method === 'POST' && isAddress(new URL(request.url))
  if (isCall && !request.headers.has(KEY_HEADER)) request.headers.set(KEY_HEADER, `"${crypto.randomUUID()}"`)
  const isSafe = isCall || request.method === 'GET' || request.method === 'HEAD'
  return sendAgain(request, isSafe && !isStreamed ? RETRY_MS.length : 0)
}

function isAddress({ pathname }: URL): boolean {
  return pathname.includes(`${PROTOCOL}/`)
}

function makeRequest(target: string | URL | Request, options: RequestInit, base: URL): Request {
  try {
    if (target instanceof Request) return new Request(target, halfDuplex(options))
  } catch (cause) {
    throw unmakable('this Request was sent already, or one of the options is not valid.', cause)
  }
  const url = readUrl(target, base)
  try {
    return new Request(url, halfDuplex({ ...(isAddress(url) && { method: 'POST' }), ...options }))
  } catch (cause) {
    throw unmakable(whyNot(options), cause)
  }
}

function readUrl(target: string | URL, base: URL): URL {
  const text = typeof target === 'string' && target.startsWith('/') ? target.slice(1) : target
  try {
    return new URL(text, base)
  } catch (cause) {
    throw unmakable(`“${String(target).slice(0, 200)}” is no URL.`, cause)
  }
}

/** Browsers word this differently, and some name things that people cannot know. */
function whyNot({ method = '', headers, body }: RequestInit): string {
  const verb = method.toUpperCase()
  if (!/^[\w!#$%&'*+.^`|~-]*$/.test(method) || ['CONNECT', 'TRACE', 'TRACK'].includes(verb)) {
    return `“${method.slice(0, 50)}” is no HTTP method that a page may use.`
  }
  if ((verb === 'GET' || verb === 'HEAD') && body !== undefined && body !== null) return `${verb} takes no body.`
  if (!areHeaders(headers)) return 'a header has a name or a value that HTTP does not allow.'
  return 'its URL has a user name in it, its body was read already, or one of its options has a value that it cannot have.'
}

function areHeaders(headers: RequestInit['headers']): boolean {
  try {
    void new Headers(headers)
    return true
  } catch {
    return false
  }
}

function unmakable(why: string, cause: unknown): GliaError {
  return new GliaError('ERR_BAD_REQUEST', `The request cannot be made: ${why}`, { cause })
}

/** Browsers want this option for a body that is a stream. */
function halfDuplex(options: RequestInit): RequestInit & { duplex: 'half' } {
  return { ...options, duplex: 'half' }
}

/** The path of a URL below the app, with its slash; undefined if the URL is elsewhere. */
function pathBelow(url: string, base: URL): string | undefined {
  const { origin, pathname } = new URL(url)
  return origin === base.origin && pathname.startsWith(base.pathname)
    ? pathname.slice(base.pathname.length - 1)
    : undefined
}

async function askPeer(
  request: Request,
  path: string,
  given: RequestInit['body'],
  { api, client }: FetchCallInit,
): Promise<Response> {
  const { method, headers, signal } = request
  const aborter = new AbortController()
  // The API takes any other reason for a lost caller, who may come back for the reply.
  const giveUp = (): void => aborter.abort(cancellation('The caller gave up.', signal.reason))
  signal.addEventListener('abort', giveUp, { once: true })
  if (signal.aborted) giveUp()
  aborter.signal.throwIfAborted()
  const { body, bodyBytes } = await bodyOf(request, given)
  const inner = new Request(new URL(path, location.origin), { method, headers, signal: aborter.signal })
  const response = await api(inner, { body, bodyBytes, keyOwner: client() })
  aborter.signal.throwIfAborted()
  return response
}

/** The body of a request, and its length if that is known. Firefox (ESR 153) has no Request.body. */
async function bodyOf(
  request: Request,
  given: RequestInit['body'],
): Promise<{ body: ReadableStream<Uint8Array> | null; bodyBytes: number | undefined }> {
  if (request.method === 'GET' || request.method === 'HEAD') return { body: null, bodyBytes: undefined }
  if (given instanceof ReadableStream) return { body: given, bodyBytes: undefined }
  const blob = await request.blob()
  return { body: blob.size > 0 ? blob.stream() : null, bodyBytes: blob.size }
}

async function sendAgain(request: Request, retries: number): Promise<Response> {
  const { signal, headers } = request
  const key = headers.get(KEY_HEADER)
  const since = performance.now()
  for (let attempt = 0; ; attempt++) {
    // A gateway that was started since then does not know whether the call has run on it.
    if (attempt > 0 && key !== null) headers.set(KEY_HEADER, withAge(key, performance.now() - since))
    const wait = attempt < retries ? RETRY_MS[attempt] : undefined
    try {
      return await fetch(wait === undefined ? request : request.clone())
    } catch (cause) {
      if (signal.aborted) throw new GliaError('ERR_ABORTED', 'The caller gave up.', { cause })
      const { host } = new URL(request.url)
      if (wait === undefined) throw new GliaError('ERR_UNREACHABLE', `${host} did not answer the request.`, { cause })
      await new Promise((resolve) => setTimeout(resolve, wait))
    }
  }
}
