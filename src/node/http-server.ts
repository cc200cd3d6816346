import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { listen } from './doors.ts'
import { type HttpHandler, httpDoor } from './http-door.ts'
import { HEAD_MS, MAX_HEADER_BYTES, MAX_SOCKETS, STOP_GRACE_MS } from './limits.ts'
import type { BodyLimits } from './request-body.ts'

/** The HTTP door. It is open before there is anything to answer with: requests wait for that. */
export interface HttpServer {
  readonly port: number
  serve(handler: HttpHandler): void
  /** Takes no new requests, gives those that run a moment, then ends them. */
  stop(): Promise<void>
}

export interface HttpServerInit {
  readonly host: string
  readonly port: number
  readonly limits: BodyLimits
}

/** @throws {UsageError} if the address cannot be listened on */
export async function openHttp({ host, port, limits }: HttpServerInit): Promise<HttpServer> {
  const handler = Promise.withResolvers<HttpHandler>()
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEAD_MS,
      keepAliveTimeout: HEAD_MS,
      connectionsCheckingInterval: HEAD_MS / 2,
      // A message may take as long as it likes, as long as it goes on: see request-body.ts.
      requestTimeout: 0,
    },
    httpDoor(async (request, incoming) => (await handler.promise)(request, incoming), limits),
  )
  server.maxConnections = MAX_SOCKETS
  await listen(server, { flag: '--http', port }, host)
  return {
    port: (server.address() as AddressInfo).port,
    serve: handler.resolve,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const grace = setTimeout(() => server.closeAllConnections(), STOP_GRACE_MS)
      await closed
      clearTimeout(grace)
    },
  }
}
