import type { MiddlewareHandler } from 'hono'
import { GliaError } from '../glia/errors.ts'
import { refuse } from '../glia/refuse.ts'
import { isLocalHost, nameIn } from './loopback.ts'

/** Refuses requests that name another host than this machine, or one of the names under which it is announced. */
export function knownHostsOnly(names: readonly string[]): MiddlewareHandler {
  const known = ['localhost', '127.0.0.1', '[::1]', ...names].join(', ')
  return async ({ req }, next) => {
    const host = req.header('host')
    if (isLocalHost(host) || names.includes(nameIn(host))) return next()
    return refuse(
      new GliaError(
        'ERR_DENIED',
        `This server does not answer to ${nameIn(host) || 'requests without a name'}, only to ${known}. Other names are given with --announce.`,
      ),
    )
  }
}

const PREFLIGHT_SECONDS = 600

/**
 * Refuses what pages of other sites send: a gateway on this machine is reachable from every page that is open on it, and
 * some of their requests need nobody's leave. Browsers say where a request comes from in Origin or Sec-Fetch-Site; programs
 * say nothing and pass. The sites listed may ask, and read the answers.
 */
export function sameOriginOr(allowed: readonly string[]): MiddlewareHandler {
  return async (c, next) => {
    const { req } = c
    const origin = req.header('origin')
    if (origin !== undefined && allowed.includes(origin)) {
      const cors = { 'access-control-allow-origin': origin, vary: 'origin' }
      if (req.method === 'OPTIONS') return preflight(req.raw, cors)
      await next()
      for (const [name, value] of Object.entries(cors)) c.header(name, value)
      return
    }
    if (isForeign(origin, req.header('host'), req.header('sec-fetch-site'))) {
      const whose = origin === undefined ? 'another site' : origin
      return refuse(
        new GliaError('ERR_DENIED', `A page of ${whose} sent this. Its site may be let in with --allow-origin.`),
      )
    }
    return next()
  }
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
      // Chromium asks this of servers on this machine or network, on behalf of pages from elsewhere.
      ...(request.headers.has('access-control-request-private-network') && {
        'access-control-allow-private-network': 'true',
      }),
    },
  })
}
