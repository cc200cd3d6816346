import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { createHttp } from '../glia/http.ts'
import type { Logger } from '../glia/log.ts'
import { createApp } from './app.ts'
import { openDataDir } from './data-dir.ts'
import { checkDoor, listen } from './doors.ts'
import { CALL_LIMITS, type CallLimits, Gateway } from './gateway.ts'
import { httpDoor } from './http-door.ts'
import { BODY_IDLE_MS, HEAD_MS, MAX_HEADER_BYTES, MAX_SOCKETS, STOP_GRACE_MS } from './limits.ts'
import { hostOf, isLoopback } from './loopback.ts'
import { ServerMetrics } from './metrics.ts'
import { UsageError } from './option-values.ts'
import type { Options } from './options.ts'
import { type Peer, startPeer } from './peer.ts'
import { portsOf } from './relay.ts'
import { wellKnown } from './well-known.ts'

export interface ServerInit extends Options {
  /** The actor worker's script, built for a thread. */
  readonly workerScript: URL
  readonly log: Logger
  readonly limits?: Partial<CallLimits & { bodyIdleMs: number }>
}

/** A running server. */
export interface GliaServer {
  /** Where a browser on this machine finds it. */
  readonly url: string
  readonly port: number
  readonly peerId: string
  /** Multiaddrs of its relay. */
  readonly relayAddresses: readonly string[]
  /** Takes no new requests, gives those that run a moment, then ends them, and the peer. Idempotent. */
  stop(): Promise<void>
}

/** @throws {UsageError} if there is no built app, the data folder is of no use, or an address cannot be listened on */
export async function startServer(init: ServerInit): Promise<GliaServer> {
  const { host, dist } = init
  const rootModule = await loadRootModule(dist)
  const kept = await openDataDir(init.data)

  // Requests that come before all is wired wait for it; this port is taken first, so that the common mistake is told first.
  const app = Promise.withResolvers<ReturnType<typeof createApp>>()
  const limits = { ...CALL_LIMITS, bodyIdleMs: BODY_IDLE_MS, maxBodyBytes: init.maxBodyBytes, ...init.limits }
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEAD_MS,
      keepAliveTimeout: HEAD_MS,
      connectionsCheckingInterval: HEAD_MS / 2,
      // A message may take as long as it likes, as long as it goes on: see request-body.ts.
      requestTimeout: 0,
    },
    httpDoor(async (request, incoming) => (await app.promise).fetch(request, incoming), limits),
  )
  server.maxConnections = MAX_SOCKETS
  await listen(server, { flag: '--http', port: init.http }, host)

  const metrics = new ServerMetrics()
  const peer = await openRelay().catch((thrown: unknown) => {
    server.close()
    server.closeAllConnections()
    throw thrown
  })
  const { peerId } = kept.identity
  const gateway = new Gateway({ http: createHttp(peer), peerId, limits, observer: metrics.calls })
  const wsPort = portsOf(peer.mesh.libp2p).ws
  app.resolve(
    createApp({
      ...init,
      localOnly: isLoopback(host),
      gateway,
      metrics,
      wellKnown: (name) => wellKnown({ ...init, peerId, wsPort }, name),
    }),
  )

  async function openRelay(): Promise<Peer> {
    await checkDoor({ flag: '--ws', port: init.ws }, host)
    await checkDoor({ flag: '--tcp', port: init.tcp }, host)
    return startPeer({ ...init, ...kept, rootModule, metrics })
  }

  const { port } = server.address() as AddressInfo
  let stopped: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    await close(server)
    await peer.stop()
  }
  return {
    url: `http://${urlHost(host)}:${port}/`,
    port,
    peerId,
    get relayAddresses() {
      return peer.mesh.addrs()
    },
    stop: () => (stopped ??= stop()),
  }
}

async function loadRootModule(dist: string): Promise<Uint8Array<ArrayBuffer>> {
  const path = join(dist, 'actors/root.wasm')
  if (existsSync(join(dist, 'index.html')) && existsSync(path)) return new Uint8Array(await readFile(path))
  throw new UsageError(`There is no built app in ${resolve(dist)}: run npm run build first.`)
}

/** `localhost` is a secure context in every browser and what the documentation says; an address that it may not lead to stays as it is. */
function urlHost(host: string): string {
  return ['127.0.0.1', '::1', '0.0.0.0', '::'].includes(host) ? 'localhost' : hostOf(host)
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const grace = setTimeout(() => server.closeAllConnections(), STOP_GRACE_MS)
  await closed
  clearTimeout(grace)
}
