import { relative, resolve, sep } from 'node:path'
import { serveStatic } from '@hono/node-server/serve-static'
import { type Context, Hono } from 'hono'
import { compress } from 'hono/compress'
import { GliaError } from '../glia/errors.ts'
import { refuse } from '../glia/refuse.ts'
import { headersFor, ISOLATION_HEADERS } from '../headers.ts'
import { isLocalHost } from './loopback.ts'

export interface AppInit {
  /** Folder of the built app. */
  readonly dist: string
  /** Accept only requests that name this machine as their host. */
  readonly localOnly: boolean
}

/** The paths of the HTTP API (DESIGN 7). A file of the app never has such a name. */
const API_PATHS = ['/status', '/info', '/version', '/root', '/ww/*']

const NO_TAB =
  'No process runs in this server. In a browser that has the page open, the service worker of the app answers this address.'

/** All that the server answers: who may ask, the HTTP API, the files of the app, and nothing else. */
export function createApp({ dist, localOnly }: AppInit): Hono {
  const app = new Hono()
  if (localOnly) {
    app.use(async (c, next) => {
      if (isLocalHost(c.req.header('host'))) return next()
      return refuse(new GliaError('ERR_DENIED', 'This server answers only to localhost, 127.0.0.1 and [::1].'))
    })
  }
  for (const path of API_PATHS) app.all(path, () => refuse(new GliaError('ERR_NO_TAB', NO_TAB)))
  app.on(['GET', 'HEAD'], '*', compress(), staticFiles(dist))
  app.on(['GET', 'HEAD'], '*', (c) => text(c, 404, 'Not found. Glia is at /.\n'))
  app.all('*', (c) => text(c, 405, 'Only GET and HEAD work here.\n', { allow: 'GET, HEAD' }))
  return app
}

function staticFiles(dist: string): ReturnType<typeof serveStatic> {
  const root = resolve(dist)
  return serveStatic({
    root,
    onFound: (file, c) => {
      const path = relative(root, file).split(sep).join('/')
      for (const [name, value] of Object.entries(headersFor(path))) c.header(name, value)
    },
  })
}

function text(c: Context, status: 404 | 405, message: string, headers: Record<string, string> = {}): Response {
  return c.text(message, status, { ...ISOLATION_HEADERS, 'x-content-type-options': 'nosniff', ...headers })
}
