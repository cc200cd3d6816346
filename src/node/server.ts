import { existsSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:http'
import { join, resolve } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { createApp } from './app.ts'
import { hostOf, isLoopback } from './loopback.ts'
import { type Options, UsageError } from './options.ts'

/** A running server. */
export interface GliaServer {
  /** Where a browser on this machine finds it. */
  readonly url: string
  readonly port: number
  /** Takes no new requests, gives those that run a moment, then ends them. Idempotent. */
  stop(): Promise<void>
}

/** How long a request that runs may take to end once the server is told to stop, in milliseconds. */
const GRACE_MS = 1000

/** @throws {UsageError} if there is no built app, or the address cannot be listened on */
export async function startServer({ http, host, dist }: Options): Promise<GliaServer> {
  if (!existsSync(join(dist, 'index.html'))) {
    throw new UsageError(`There is no built app in ${resolve(dist)}: run npm run build first.`)
  }
  const app = createApp({ dist, localOnly: isLoopback(host) })
  const answer = getRequestListener(app.fetch)
  const server = createServer((request, response) => void answer(request, response))
  await listen(server, http, host)
  const { port } = server.address() as AddressInfo
  let stopped: Promise<void> | undefined
  return { url: `http://${urlHost(host)}:${port}/`, port, stop: () => (stopped ??= close(server)) }
}

/** `localhost` is a secure context in every browser and what the documentation says; an address that it may not lead to stays as it is. */
function urlHost(host: string): string {
  return ['127.0.0.1', '::1', '0.0.0.0', '::'].includes(host) ? 'localhost' : hostOf(host)
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, resolve)
    })
  } catch (err) {
    throw new UsageError(explain(err as NodeJS.ErrnoException, port, host), { cause: err })
  }
}

function explain(err: NodeJS.ErrnoException, port: number, host: string): string {
  switch (err.code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is in use: choose another one with --http PORT (0 = any).`
    case 'EADDRNOTAVAIL':
      return `This machine has no address ${host}: choose another one with --host IP.`
    case 'EACCES':
      return `Port ${port} needs more rights than this user has: choose one from 1024 on with --http PORT.`
    default:
      return `Cannot listen on ${hostOf(host)}:${port}: ${err.message}.`
  }
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const grace = setTimeout(() => server.closeAllConnections(), GRACE_MS)
  await closed
  clearTimeout(grace)
}
