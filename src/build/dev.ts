import type { Plugin, ViteDevServer } from 'vite'
import { headersFor } from '../headers.ts'
import { bundleWorker, type WorkerBundle, WORKERS } from './bundle.ts'
import { DevRelay } from './dev-relay.ts'
import { buildExamples } from './examples.ts'
import { fromRoot } from './paths.ts'

type WorkerName = keyof typeof WORKERS

/**
 * Makes on demand for `npm run dev` what the build makes once: the workers. They are bundled when they are asked
 * for, with the headers of the server, and again after one of their sources has changed.
 */
export function dev(): Plugin {
  return {
    name: 'glia:dev',
    // Not under vitest, which also starts a server with this config.
    apply: (_config, { command, mode }) => command === 'serve' && mode !== 'test',
    async configureServer(server) {
      const log = (line: string): void => server.config.logger.info(line)
      await buildExamples(log)
      serveWorkers(server)
      serveRelay(server)
      server.watcher.on('change', (path) => {
        if (!path.startsWith(fromRoot('src/examples'))) return
        buildExamples(log).then(
          () => server.ws.send({ type: 'full-reload' }),
          (err: unknown) => server.config.logger.error(String(err)),
        )
      })
    },
  }
}

function serveWorkers(server: ViteDevServer): void {
  const bundles = new Map<WorkerName, Promise<WorkerBundle>>()
  const bundle = (name: WorkerName): Promise<WorkerBundle> => {
    const made = bundles.get(name) ?? bundleWorker(name, { minify: false })
    bundles.set(name, made)
    // After a failure the next request tries again.
    made.catch(() => bundles.delete(name))
    return made
  }

  server.watcher.on('change', (path) => {
    for (const [name, made] of bundles) {
      made.then(
        ({ sources }) => {
          if (!sources.includes(path) || bundles.get(name) !== made) return
          bundles.delete(name)
          server.ws.send({ type: 'full-reload' })
        },
        () => undefined,
      )
    }
  })

  server.middlewares.use((req, res, next) => {
    const [path = ''] = (req.url ?? '/').split('?')
    const name = path.slice(1)
    if (!isWorker(name)) return next()
    bundle(name).then(({ code }) => {
      res.writeHead(200, { 'content-type': 'text/javascript', ...headersFor(name), 'cache-control': 'no-cache' })
      res.end(code)
    }, next)
  })
}

/** Tells pages of a relay of this server's own, so that they join a mesh. It starts with the server. */
function serveRelay(server: ViteDevServer): void {
  const { httpServer, config, middlewares } = server
  if (!httpServer) return
  const relay = new DevRelay()
  const ask = (): ReturnType<DevRelay['wellKnown']> => {
    const address = httpServer.address()
    return relay.wellKnown(typeof address === 'object' && address ? address.port : 0)
  }
  httpServer.once('listening', () => {
    ask().catch((err: unknown) => config.logger.error(`There is no relay: ${String(err)}`))
  })
  httpServer.once('close', () => relay.stop())
  process.once('exit', () => relay.stop())
  process.once('SIGINT', () => process.exit(130))
  middlewares.use('/.well-known/glia.json', (_req, res, next) => {
    ask().then((told) => {
      res.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      res.end(JSON.stringify(told))
    }, next)
  })
}

function isWorker(name: string): name is WorkerName {
  return Object.hasOwn(WORKERS, name)
}
