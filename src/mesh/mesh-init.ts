import type { Multiaddr } from '@multiformats/multiaddr'
import type { Libp2pOptions } from 'libp2p'
import type { Address } from '../glia/address.ts'
import type { ListedProcess } from '../glia/listing.ts'
import type { Logger } from '../glia/log.ts'
import type { Stream } from '../glia/stream/stream.ts'
import type { DialledNames } from './dial/dial-gate.ts'
import type { Identity } from './libp2p/identity.ts'

/** What libp2p runs on: a page has other transports than Node. */
export interface Platform {
  transports: NonNullable<Libp2pOptions['transports']>
  /** Multiaddrs to listen on. */
  listen: readonly string[]
  /** Public multiaddrs, besides those that are listened on. */
  announce?: readonly string[]
  /** Further services: relay server, DHT server. With a `dht`, routing is its; else the DHT is loaded when needed. */
  services?: Record<string, (components: never) => unknown>
  connectionManager?: Libp2pOptions['connectionManager']
  connectionGater?: Libp2pOptions['connectionGater']
  /** Where libp2p keeps what it knows of peers; left out: in memory. */
  datastore?: Libp2pOptions['datastore']
  metrics?: Libp2pOptions['metrics']
  /** Many peers hang on this one and on no other: it passes on gossip to all of them. */
  hub?: boolean
  /**
   * The network of this peer's own that a host is in; undefined: none. Private addresses of strangers are dialled only there. Left out:
   * everything is dialled.
   */
  networkHere?(host: string): string | undefined
  /** The DNS names that are dialled. Left out: they cannot be looked up here, and are judged by themselves. */
  names?: DialledNames
  /** Whether this peer is a page that nobody sees now. Left out: it never is. */
  hidden?(): boolean
  /** What quotas count a peer at this address as; left out: each peer for itself. */
  networkOf?(address: Multiaddr): string
  /** An announcement of a peer was dropped. */
  droppedAnnouncement?(): void
  /** Reserves at the relays it uses, so that others reach it there. */
  reserves: boolean
}

export interface MeshInit {
  identity: Identity
  log: Logger
  /** Delivers a call: the router's. */
  serveStream(stream: Stream): Promise<void>
  /** Whether there is such a process and method here. */
  isServed(address: Address): boolean
  /** How long a peer that is none of Glia's may keep a call waiting, in ms. Default 30 s. */
  silenceMs?: number
  /** PID of the root process. */
  root(): string
  /** The processes that are listed to a peer. Left out: none. */
  listedTo?(peer: string): readonly ListedProcess[]
  platform: Platform
  /** Something that a view shows has changed. */
  changed?(): void
}
