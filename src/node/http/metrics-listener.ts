import { once } from 'node:events'
import { createServer } from 'node:http'
import { listen } from '../inbound/listen.ts'
import { isLocalHost } from '../inbound/loopback.ts'
import type { ServerMetrics } from '../metrics/metrics.ts'

/** A port for /metrics alone, on this machine only. No proxy passes it on, so nobody else reaches it. */
export interface MetricsListener {
  stop(): Promise<void>
}

/** @throws {UsageError} if the server cannot listen on the port */
export async function openMetrics(port: number, metrics: ServerMetrics): Promise<MetricsListener> {
  const server = createServer((request, response) => {
    // A page whose name was pointed at this machine sends its own name.
    if (request.url !== '/metrics' || !isLocalHost(request.headers.host)) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Figures are at /metrics.\n')
      return
    }
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    )
  })
  server.maxConnections = 16
  await listen(server, { flag: '--metrics', port }, '127.0.0.1')
  return {
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
