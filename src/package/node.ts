/**
 * Glia in Node: the server, with its page, gateway and relay; and a headless peer, which joins relays, calls actors, and answers for
 * processes whose methods are functions.
 *
 * ```js
 * import { createPeer, startServer } from 'glia/node'
 *
 * const server = await startServer({ http: 0, ws: 0, tcp: 0, data: 'glia-data' })
 * const peer = await createPeer({ relays: server.relayAddresses })
 * const reply = await peer.call(`/ww/0.1.0/${server.peerId}/root/echo`, 'hello')
 * console.log(new TextDecoder().decode(reply)) // hello
 * await peer.stop()
 * await server.stop()
 * ```
 */
// oxlint-disable-next-line import/no-unassigned-import -- gives what Node lacks
import '../node/polyfill.ts'
import { consoleLogger, type Logger, SILENT } from '../glia/log.ts'
import { type HeaderMap, headersFor } from '../headers.ts'
import { builtFiles } from '../node/built-files.ts'
import { readServerOptions } from '../node/options.ts'
import { startServer as start } from '../node/server.ts'

export { GliaError, type ErrorCode } from '../glia/errors.ts'
export type { WatchedEnd } from '../glia/address-watches.ts'
export type { Logger } from '../glia/log.ts'
export { createPeer, type HeadlessCallOptions, type HeadlessPeer, type HeadlessPeerOptions } from './headless.ts'
export { type HeaderMap, headersFor }

/** What a server may be told; each has the default of the flag of `glia` with its name. */
export interface ServerOptions {
  /** TCP port of HTTP; 0 lets the system choose one, here and below. */
  http?: number | undefined
  /** TCP port of libp2p over WebSocket, which browsers join by. */
  ws?: number | undefined
  /** TCP port of libp2p over plain TCP. */
  tcp?: number | undefined
  /** Address that all three listen on. */
  host?: string | undefined
  /** Folder of the key and what else is kept. */
  data?: string | undefined
  /** Folder of a page to serve. Left out: Glia's own. */
  dist?: string | undefined
  /** What it calls itself: others see it beside its id. */
  name?: string | undefined
  /** Multiaddrs under which others reach this relay. */
  announce?: readonly string[] | undefined
  /** Multiaddrs of other relays to join. */
  relays?: readonly string[] | undefined
  /** Origins of other sites whose pages may join and call; `*` is all sites. */
  allowOrigins?: readonly string[] | undefined
  /** Left out: warnings go to the console. */
  log?: Logger | undefined
}

/** A running server. */
export interface GliaServer {
  /** Where a browser on this machine finds it. */
  readonly url: string
  readonly peerId: string
  /** Multiaddrs of its relay. */
  readonly relayAddresses: readonly string[]
  /** Takes no new requests, gives those that run a moment, then ends them, and the peer. Idempotent. */
  stop(): Promise<void>
}

/** Starts the server. @throws {Error} if an option is of no use, an address cannot be listened on, or the data folder cannot be used. */
export async function startServer({ log, ...given }: ServerOptions = {}): Promise<GliaServer> {
  const options = readServerOptions(given)
  return start({
    ...options,
    ...builtFiles(options),
    log: log ?? { ...SILENT, warn: consoleLogger('glia').warn },
  })
}
