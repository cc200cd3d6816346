import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { listen } from '../inbound/listen.ts'
import { type Handlers, requestListener } from './request-listener.ts'
import {
  HEAD_MS,
  MAX_CALLS,
  MAX_HEADER_BYTES,
  MAX_SOCKETS,
  SOCKETS_PER_TAB,
  STOP_GRACE_MS,
  WAITING_PER_TAB,
} from '../limits.ts'
import type { RefusalObserver } from '../metrics/metrics.ts'
import { networkOf } from '../inbound/networks.ts'
import { Quota } from '../inbound/quota.ts'
import { type BodyLimits, isWithin } from './request-body.ts'
import { Unfinished } from '../inbound/unfinished.ts'

/** The HTTP port. It is open before anything can answer: requests wait for that. */
export interface HttpServer {
  readonly port: number
  serve(handlers: Handlers): void
  /** Takes no new requests, gives running ones a moment, then ends them. */
  stop(): Promise<void>
}

export interface HttpServerInit {
  readonly host: string
  readonly port: number
  readonly limits: BodyLimits
  /** Tabs that one address may have. The quotas of sockets are in proportion to it. */
  readonly perAddress: number
  readonly observer: RefusalObserver
}

/** @throws {UsageError} if the server cannot listen at the address */
export async function openHttp({ host, port, limits, perAddress, observer }: HttpServerInit): Promise<HttpServer> {
  const ready = Promise.withResolvers<Handlers>()
  let handlers: Handlers = { fetch: async (request, incoming) => (await ready.promise).fetch(request, incoming) }
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEAD_MS,
      keepAliveTimeout: HEAD_MS,
      connectionsCheckingInterval: HEAD_MS / 2,
      // A message may take any time while bytes move: see request-body.ts.
      requestTimeout: 0,
    },
    requestListener(
      {
        fetch: (request, incoming) => handlers.fetch(request, incoming),
        call: (incoming) => handlers.call?.(incoming),
        began: (incoming) => handlers.began?.(incoming),
      },
      limits,
    ),
  )
  // A client that waits before it sends a body which is too large need not send it.
  server.on('checkContinue', (incoming, response) => {
    if (isWithin(incoming, limits)) response.writeContinue()
    server.emit('request', incoming, response)
  })
  server.maxConnections = MAX_SOCKETS
  boundSockets(server, perAddress, observer)
  await listen(server, { flag: '--http', port }, host)
  return {
    port: (server.address() as AddressInfo).port,
    serve(given) {
      handlers = given
      ready.resolve(given)
    },
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const grace = setTimeout(() => server.closeAllConnections(), STOP_GRACE_MS)
      await closed
      clearTimeout(grace)
    },
  }
}

/**
 * Limits the sockets of each network, and those that wait for a request (half a head, or none). Past a limit the oldest
 * waiting one is closed. With the calls that run they never fill the port, so idle clients shut nobody out.
 */
function boundSockets(server: Server, perAddress: number, observer: RefusalObserver): void {
  const quota = new Quota(SOCKETS_PER_TAB * perAddress)
  const limits = { perNetwork: WAITING_PER_TAB * perAddress, inAll: MAX_SOCKETS - MAX_CALLS }
  const waiting = new Unfinished(limits, () => observer.refused('request'))
  const begun = new WeakMap<Socket, () => void>()
  /** Unanswered requests of a socket. A client may send the next ones early. */
  const running = new WeakMap<Socket, number>()
  const wait = (socket: Socket): void => {
    if (socket.destroyed) return
    begun.set(
      socket,
      waiting.add(networkOf(socket.remoteAddress ?? ''), () => socket.destroy()),
    )
  }
  server.on('connection', (socket) => {
    const giveBack = quota.take(networkOf(socket.remoteAddress ?? ''))
    if (!giveBack) {
      observer.refused('connection')
      socket.destroy()
      return
    }
    wait(socket)
    socket.once('close', () => {
      giveBack()
      begun.get(socket)?.()
    })
  })
  server.on('request', ({ socket }, response) => {
    begun.get(socket)?.()
    running.set(socket, (running.get(socket) ?? 0) + 1)
    response.once('close', () => {
      const left = (running.get(socket) ?? 1) - 1
      running.set(socket, left)
      if (left === 0) wait(socket)
    })
  })
}
