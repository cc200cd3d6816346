import { relative, resolve, sep } from 'node:path'
import { serveStatic } from '@hono/node-server/serve-static'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { compress } from 'hono/compress'
import { GliaError, toGliaError } from '../glia/errors.ts'
import { refuse } from '../glia/refuse.ts'
import { headersFor, ISOLATION_HEADERS } from '../headers.ts'
import type { Gateway } from './gateway.ts'
import { knownHostsOnly, sameOriginOr } from './guard.ts'
import type { Incoming } from './http-door.ts'
import { isLocalClient } from './loopback.ts'
import type { ServerMetrics } from './metrics.ts'
import { WELL_KNOWN_PATH } from './well-known.ts'

export interface AppInit {
  /** Folder of the built app. */
  readonly dist: string
  /** Accept only requests that name this machine as their host, or one of these names; undefined: any. */
  readonly hosts: readonly string[] | undefined
  /** Origins of other sites whose pages may use the HTTP API. */
  readonly allowOrigins: readonly string[]
  readonly gateway: Gateway
  readonly metrics: Pick<ServerMetrics, 'text' | 'contentType'>
  /** Other machines may read /metrics. */
  readonly publicMetrics: boolean
  /** What the well-known file says to who asked under this Host. */
  wellKnown(host: string): object
}

/** What handlers are given with a request, and what they give each other. */
interface Server {
  Bindings: Incoming
  /** Path of the file that is served, below `dist`. */
  Variables: { file: string | undefined }
}

/** The paths of the HTTP API (DESIGN 7). A file of the app never has such a name. */
const API_PATHS = ['/status', '/info', '/version', '/root', '/ww/*']

/** All that the server answers: who may ask, the relay it has, the HTTP API, the files of the app, and nothing else. */
export function createApp(init: AppInit): Hono<Server> {
  const { dist, gateway } = init
  const app = new Hono<Server>()
  if (init.hosts) app.use(knownHostsOnly(init.hosts))

  app.on(['GET', 'HEAD'], WELL_KNOWN_PATH, (c) => c.json(init.wellKnown(c.req.header('host') ?? ''), 200, PUBLIC))
  app.on(['GET', 'HEAD'], '/metrics', sameOriginOr([]), (c) => metrics(c, init))

  for (const path of API_PATHS) app.all(path, sameOriginOr(init.allowOrigins), (c) => gateway.answer(c.req.raw, c.env))

  app.on(['GET', 'HEAD'], '*', compress(), staticFiles(dist))
  app.on(['GET', 'HEAD'], '*', (c) => text(c, 404, 'Not found. Glia is at /.\n'))
  app.all('*', (c) => text(c, 405, 'Only GET and HEAD work here.\n', { allow: 'GET, HEAD' }))
  app.onError((thrown) => refuse(toGliaError(thrown)))
  return app
}

/** For every page of the web: one that is served by a static host may be told to use this relay. */
const PUBLIC = {
  'access-control-allow-origin': '*',
  'cross-origin-resource-policy': 'cross-origin',
  'cache-control': 'no-cache',
  'x-content-type-options': 'nosniff',
}

async function metrics(c: Context<Server>, init: AppInit): Promise<Response> {
  if (!init.publicMetrics && !isLocalClient(c.env.incoming)) {
    return refuse(new GliaError('ERR_DENIED', 'Figures are for this machine only, unless --public-metrics is given.'))
  }
  const headers = { 'content-type': init.metrics.contentType, 'cache-control': 'no-store' }
  return c.body(await init.metrics.text(), 200, headers)
}

function staticFiles(dist: string): MiddlewareHandler<Server> {
  const root = resolve(dist)
  const serve = serveStatic<Server>({ root, onFound: (file, c) => c.set('file', relative(root, file)) })
  return async (c, next) => {
    const reply = await serve(c, next)
    // Not in onFound: that comes after the response is made.
    const path = c.get('file')?.split(sep).join('/')
    if (reply && path !== undefined) {
      for (const [name, value] of Object.entries(headersFor(path))) reply.headers.set(name, value)
    }
    return reply
  }
}

function text(c: Context, status: 404 | 405, message: string, headers: Record<string, string> = {}): Response {
  return c.text(message, status, { ...ISOLATION_HEADERS, 'x-content-type-options': 'nosniff', ...headers })
}
