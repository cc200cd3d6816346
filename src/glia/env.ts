import type { Logger } from './log.ts'

/** The peer that this process of the browser (or of Node) is. libp2p's node has this shape once wrapped. */
export interface Host {
  /** Base58btc peer id. */
  readonly peerId: string
  /** Multiaddrs under which the peer can be reached now; empty when it cannot. */
  addrs(): string[]
}

/** Finds peers that this one is not connected to, and who has what: libp2p's peer and content routing. */
export interface Routing {
  /**
   * Multiaddrs of a peer.
   * @throws {GliaError} ERR_UNREACHABLE if nobody asked knows it.
   */
  findPeer(peerId: string, options?: RoutingOptions): Promise<string[]>
  /** Announces that this peer has the content of a CID. */
  provide(cid: string, options?: RoutingOptions): Promise<void>
  /** The peers that have announced a CID, as they are found. */
  findProviders(cid: string, options?: RoutingOptions): AsyncIterable<{ peerId: string; addrs: string[] }>
}

export interface RoutingOptions {
  signal?: AbortSignal
}

/** Core services of a peer, as in the reference implementation. */
export interface Env {
  log(): Logger
  localHost(): Host
  routing(): Routing
}
