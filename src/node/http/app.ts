import { type Context, Hono } from 'hono'
import { PROTOCOL } from '../../glia/address.ts'
import { GliaError, toGliaError } from '../../glia/errors.ts'
import { API_PATHS } from '../../glia/http/api-paths.ts'
import { noPath, refuse } from '../../glia/http/refuse.ts'
import { ISOLATION_HEADERS } from '../../headers.ts'
import type { Gateway } from './gateway.ts'
import { knownHostsOnly, sameOriginOr } from './guard.ts'
import type { Incoming } from './exchange.ts'
import { isLocalClient } from '../inbound/loopback.ts'
import type { ServerMetrics } from '../metrics/metrics.ts'
import type { OwnNames } from './own-names.ts'
import { staticFiles } from './static-files.ts'
import { VERSION } from '../version.ts'
import { WELL_KNOWN_PATH } from './well-known.ts'

export interface AppInit {
  /** Folder of the built app. */
  readonly dist: string
  /** Folder of clang for the playground. Left out: there is none. */
  readonly clang?: string | undefined
  /** The names of this server, and the sites whose pages may ask. */
  readonly names: OwnNames
  readonly gateway: Gateway
  readonly metrics: Pick<ServerMetrics, 'text' | 'contentType'>
  /** Whether other machines may read /metrics. */
  readonly publicMetrics: boolean
  /**
   * Whether this machine may read /metrics. False behind a proxy: some proxies pass on requests that look like those of
   * this machine.
   */
  readonly localMetrics: boolean
  /** Why this server is not ready for calls yet; undefined if it is. */
  notReady(): string | undefined
  /** The content of the well-known file for a request with this Host. */
  wellKnown(host: string): object
}

/** Values that handlers get with a request. */
interface Server {
  Bindings: Incoming
}

/**
 * Everything that the server answers: checks of the caller, the relay's address, the HTTP API, the files of the app.
 */
export function createApp(init: AppInit): Hono<Server> {
  const { dist, clang, gateway, names } = init
  const app = new Hono<Server>()
  // Before all else: whatever watches over the server asks under any name, and learns nothing.
  app.on(['GET', 'HEAD'], '/healthz', (c) => c.text('ok\n', 200, UNSTORED))
  app.on(['GET', 'HEAD'], '/readyz', (c) => {
    const why = init.notReady()
    return why === undefined ? c.text('ready\n', 200, UNSTORED) : c.text(`${why}\n`, 503, UNSTORED)
  })
  app.use(knownHostsOnly(names))
  // Sites that may join the relay may also learn its address.
  const allowed = sameOriginOr((origin) => names.isAllowed(origin))
  for (const path of [WELL_KNOWN_PATH, '/version.json', ...API_PATHS]) app.use(path, allowed)
  app.use(
    '/metrics',
    sameOriginOr(() => false),
  )

  app.on(['GET', 'HEAD'], WELL_KNOWN_PATH, (c) => c.json(init.wellKnown(c.req.header('host') ?? ''), 200, UNSTORED))
  app.on(['GET', 'HEAD'], '/version.json', (c) =>
    c.json({ name: 'glia', version: VERSION, protocol: PROTOCOL.slice(1) }, 200, UNSTORED),
  )
  app.on(['GET', 'HEAD'], '/metrics', (c) => metrics(c, init))
  for (const path of API_PATHS) app.all(path, (c) => gateway.answer(c.req.raw, c.env))

  if (clang !== undefined) app.on(['GET', 'HEAD'], '/clang/*', staticFiles(clang, CLANG))
  app.on(['GET', 'HEAD'], '*', staticFiles(dist))
  app.on(['GET', 'HEAD'], '*', (c) => text(c, 404, 'Not found. Glia is at /.\n'))
  app.all('*', async (c) => {
    const { url, headers } = c.req.raw
    const asked = await app.fetch(new Request(url, { method: 'HEAD', headers }), c.env)
    if (asked.status === 404) return refuse(noPath(c.req.path))
    return refuse(new GliaError('ERR_BAD_VERB', 'This path takes GET, HEAD only.'), { allow: 'GET, HEAD' })
  })
  app.onError((thrown) => refuse(toGliaError(thrown)))
  return app
}

/** 105 MB in four files, which compress to a third. */
const CLANG = { under: '/clang', maxCompressed: 128 * 1024 ** 2 }

/** The relay's address depends on the request's Host. */
const UNSTORED = { 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' }

async function metrics(c: Context<Server>, init: AppInit): Promise<Response> {
  if (!init.publicMetrics && !(init.localMetrics && isLocalClient(c.env.incoming))) {
    return refuse(
      new GliaError(
        'ERR_DENIED',
        'Figures are not shown here. Start the server with --metrics PORT or --public-metrics.',
      ),
    )
  }
  const headers = { 'content-type': init.metrics.contentType, 'cache-control': 'no-store' }
  return c.body(await init.metrics.text(), 200, headers)
}

function text(c: Context, status: 404, message: string): Response {
  return c.text(message, status, { ...ISOLATION_HEADERS, 'x-content-type-options': 'nosniff' })
}
