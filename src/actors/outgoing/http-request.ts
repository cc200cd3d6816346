import { type ErrorCode, GliaError } from '../../glia/errors.ts'
import type { Source } from '../../glia/stream/source.ts'
import { concat } from '../../glia/stream/concat.ts'
import { readWritten, headOf } from './http-message.ts'
import { checkUrl, type HttpTarget } from './http-target.ts'
import type { Backlog, OutgoingDuplex } from './outgoing-duplex.ts'

/** Largest body of a request, with its head, in bytes. It is kept whole, since a redirect may ask for it again. */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024
/** Largest body of a response, in bytes. */
const MAX_RESPONSE_BYTES = 64 * 1024 * 1024
/** Longest time from the end of what the program writes to the last byte of the response, in ms. */
const MAX_MS = 60_000
const MAX_REDIRECTS = 5

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
/** Headers that go along when a redirect leads to another origin. Others may be secrets. */
const OF_ALL_ORIGINS = /^(accept|accept-language|content-type|user-agent)$/

const STATUS_CODES: Readonly<Record<number, ErrorCode>> = {
  401: 'ERR_DENIED',
  403: 'ERR_DENIED',
  404: 'ERR_NO_PATH',
  407: 'ERR_DENIED',
  408: 'ERR_DEADLINE',
  410: 'ERR_NO_PATH',
  504: 'ERR_DEADLINE',
}

/** A request to one server. */
export interface HttpRequest {
  readonly method: string
  readonly url: URL
  readonly headers: Headers
  /** Left out: it has none. */
  readonly body?: Uint8Array<ArrayBuffer> | undefined
}

export interface HttpResponse extends Pick<Response, 'status' | 'statusText' | 'headers'> {
  readonly body: Source
}

/**
 * Sends one request, and follows no redirect. It sends no cookies or credentials.
 * @throws {GliaError} ERR_UNREACHABLE, ERR_DENIED
 */
export type SendHttp = (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse>

export interface OutgoingRequestInit {
  readonly target: HttpTarget
  readonly duplex: OutgoingDuplex
  readonly backlog: Backlog
  readonly send: SendHttp
  /** The present list of the policy. */
  origins(): readonly string[]
}

/**
 * Sends what a guest writes as a request, and gives it the response. Ends the duplex unless it throws.
 * @throws {GliaError} ERR_DENIED, ERR_BAD_REQUEST, ERR_MESSAGE_TOO_LARGE, ERR_REPLY_TOO_LARGE, ERR_UNREACHABLE,
 * ERR_DEADLINE
 * @returns the failure that the status of the response means to a guest that does not read it
 */
export async function sendRequest(init: OutgoingRequestInit): Promise<GliaError | undefined> {
  const { duplex, backlog } = init
  const written = await readAll(duplex, backlog)
  try {
    return await exchange(init, written)
  } finally {
    backlog.give(written.length)
  }
}

async function exchange(
  { target, duplex, send, origins }: OutgoingRequestInit,
  written: Uint8Array<ArrayBuffer>,
): Promise<GliaError | undefined> {
  const { method, url, isFull } = target
  const late = AbortSignal.timeout(MAX_MS)
  const signal = AbortSignal.any([duplex.signal, late])
  try {
    const response = await follow(firstRequest(target, written), origins, (request) => send(request, signal))
    if (isFull) await duplex.write(headOf(response))
    await passBody(response.body, duplex)
    const { status, statusText } = response
    if (isFull || status < 400) {
      await duplex.close()
      return undefined
    }
    const failure = new GliaError(
      STATUS_CODES[status] ?? 'ERR_FAILED',
      `${method} ${url.origin} was answered with ${status} ${statusText}.`,
    )
    duplex.closeWithExit(failure)
    return failure
  } catch (thrown) {
    if (!late.aborted || duplex.signal.aborted) throw thrown
    throw new GliaError('ERR_DEADLINE', `${url.origin} took longer than ${MAX_MS / 1000} s.`, { cause: thrown })
  }
}

async function readAll(duplex: OutgoingDuplex, backlog: Backlog): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for (let chunk = await duplex.read(); chunk !== null; chunk = await duplex.read()) {
      if (bytes + chunk.length > MAX_REQUEST_BYTES || !backlog.take(chunk.length)) {
        throw new GliaError('ERR_MESSAGE_TOO_LARGE', `A request has at most ${MAX_REQUEST_BYTES / 2 ** 20} MiB.`)
      }
      bytes += chunk.length
      chunks.push(chunk)
    }
    return concat(chunks)
  } catch (thrown) {
    backlog.give(bytes)
    throw thrown
  }
}

function firstRequest({ method, url, isFull }: HttpTarget, written: Uint8Array<ArrayBuffer>): HttpRequest {
  const { headers, body } = isFull ? readWritten(written) : { headers: new Headers(), body: written }
  if (method !== 'GET' && method !== 'HEAD') return { method, url, headers, body }
  if (body.length > 0) throw new GliaError('ERR_BAD_REQUEST', `A request with ${method} has no body: write nothing.`)
  return { method, url, headers }
}

/** Sends a request, and follows redirects. Each URL is checked against the list. */
async function follow(
  first: HttpRequest,
  origins: () => readonly string[],
  send: (request: HttpRequest) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  let request = first
  for (let redirects = 0; ; redirects++) {
    checkUrl(request.url, origins())
    // oxlint-disable-next-line no-await-in-loop -- one server after the other
    const response = await send(request)
    const location = response.headers.get('location')
    if (location === null || !REDIRECTS.has(response.status)) return response
    void response.body.cancel('The redirect is followed.')
    if (redirects === MAX_REDIRECTS) {
      throw new GliaError('ERR_UNREACHABLE', `${first.url.origin} redirects more than ${MAX_REDIRECTS} times.`)
    }
    request = redirected(request, response.status, location)
  }
}

/** The request after a redirect, as fetch makes it. */
function redirected({ method, url, headers, body }: HttpRequest, status: number, location: string): HttpRequest {
  if (!URL.canParse(location, url)) {
    throw new GliaError('ERR_UNREACHABLE', `${url.origin} redirects to something that is not a URL.`)
  }
  const target = new URL(location, url)
  const kept = [...headers].filter(([name]) => target.origin === url.origin || OF_ALL_ORIGINS.test(name))
  const isGet = status === 303 ? method !== 'HEAD' : status < 303 && method === 'POST'
  if (!isGet) return { method, url: target, headers: new Headers(kept), body }
  return { method: 'GET', url: target, headers: new Headers(kept.filter(([name]) => !name.startsWith('content-'))) }
}

/** Writes the body to the guest. A guest that reads no further ends it. */
async function passBody(body: Source, duplex: OutgoingDuplex): Promise<void> {
  let bytes = 0
  try {
    for (let chunk = await body.read(); chunk !== null; chunk = await body.read()) {
      bytes += chunk.length
      if (bytes > MAX_RESPONSE_BYTES) {
        throw new GliaError('ERR_REPLY_TOO_LARGE', `A response has at most ${MAX_RESPONSE_BYTES / 2 ** 20} MiB.`)
      }
      await duplex.write(chunk)
    }
  } catch (thrown) {
    await body.cancel(thrown)
    throw thrown
  }
}
