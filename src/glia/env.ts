import type { Logger } from './log.ts'

/** The peer in this tab or in this Node process. libp2p's node, wrapped, has this shape. */
export interface Host {
  /** Base58btc peer id. */
  readonly peerId: string
  /** Multiaddrs under which the peer can be reached now; empty if there are none. */
  addrs(): string[]
}

/** libp2p's peer and content routing: finds peers that are not connected, and peers that have a content. */
export interface Routing {
  /**
   * Multiaddrs of a peer.
   * @throws {GliaError} ERR_UNREACHABLE if no asked peer knows it.
   */
  findPeer(peerId: string, options?: RoutingOptions): Promise<string[]>
  /** Announces that this peer has the content of a CID. */
  provide(cid: string, options?: RoutingOptions): Promise<void>
  /** The peers that have announced a CID, one by one as they are found. */
  findProviders(cid: string, options?: RoutingOptions): AsyncIterable<{ peerId: string; addrs: string[] }>
}

export interface RoutingOptions {
  signal?: AbortSignal
}

/** Core services of a peer. The reference implementation has the same. */
export interface Env {
  log(): Logger
  localHost(): Host
  routing(): Routing
}
