import type { IncomingHttpHeaders } from 'node:http'
import type { MiddlewareHandler } from 'hono'
import { GliaError } from '../../glia/errors.ts'
import { EXIT_HEADER } from '../../glia/http/http-exit.ts'
import { refuse } from '../../glia/http/refuse.ts'
import { nameIn } from '../inbound/loopback.ts'
import type { OwnNames } from './own-names.ts'

/** Refuses requests whose Host is no name of this server. */
export function knownHostsOnly(names: OwnNames): MiddlewareHandler {
  return async ({ req }, next) => {
    const host = req.header('host')
    if (names.answersTo(host)) return next()
    return refuse(new GliaError('ERR_DENIED', foreignHost(host, names)))
  }
}

/** Why a request for this Host is refused, and what to do. */
export function foreignHost(host: string | undefined, names: OwnNames): string {
  const name = nameIn(host) || 'requests without a name'
  return `This server does not answer to ${name}, only to ${names.text}. Other names are given with --announce.`
}

/** Why a page of this site is refused, and what to do. */
export function foreignPage(origin: string | undefined): string {
  return `A page of ${origin ?? 'another site'} sent this. Its site may be let in with --allow-origin.`
}

const PREFLIGHT_SECONDS = 600
/** Headers that pages of allowed sites may read, beside those that every page may read. */
const EXPOSED_HEADERS = `${EXIT_HEADER}, retry-after, traceparent`

/**
 * Refuses requests of other sites' pages. Every page that is open on this machine can reach a gateway on it, and
 * browsers send some requests without asking first. Origin or Sec-Fetch-Site say where a request comes from. Programs
 * send neither, and pass. Pages of allowed sites may ask, and read the answers.
 */
export function sameOriginOr(isAllowed: (origin: string) => boolean): MiddlewareHandler {
  return async (c, next) => {
    const { req } = c
    const origin = req.header('origin')
    if (origin !== undefined && isAllowed(origin)) {
      const cors = { 'access-control-allow-origin': origin, vary: 'origin' }
      if (req.method === 'OPTIONS') return preflight(req.raw, cors)
      await next()
      for (const [name, value] of Object.entries(cors)) c.header(name, value)
      c.header('access-control-expose-headers', EXPOSED_HEADERS)
      return
    }
    if (isForeign(origin, req.header('host'), req.header('sec-fetch-site'))) {
      return refuse(new GliaError('ERR_DENIED', foreignPage(origin)))
    }
    return next()
  }
}

/** Whether a program sends the request, and no page. Then the rules about pages of other sites do not apply. */
export function isOfProgram(headers: IncomingHttpHeaders): boolean {
  return headers.origin === undefined && headers['sec-fetch-site'] === undefined
}

function isForeign(origin: string | undefined, host: string | undefined, site: string | undefined): boolean {
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  if (origin === undefined) return false
  return !URL.canParse(origin) || new URL(origin).host !== host?.toLowerCase()
}

function preflight(request: Request, cors: Record<string, string>): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...cors,
      'access-control-allow-methods': 'GET, HEAD, POST',
      'access-control-allow-headers': request.headers.get('access-control-request-headers') ?? 'content-type',
      'access-control-max-age': String(PREFLIGHT_SECONDS),
      // Chromium asks servers on this machine or network this question, on behalf of pages from elsewhere.
      ...(request.headers.has('access-control-request-private-network') && {
        'access-control-allow-private-network': 'true',
      }),
    },
  })
}
