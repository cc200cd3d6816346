import type { Libp2p } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { ICryptoInterface } from '@libp2p/noise'
import type { Libp2pOptions } from 'libp2p'
import type { Address } from '../glia/address.ts'
import type { ListedProcess } from '../glia/listing.ts'
import type { Pace } from '../glia/wait/pace.ts'
import type { Logger } from '../glia/log.ts'
import type { Watched } from '../glia/process/told-end.ts'
import type { Stream } from '../glia/stream/stream.ts'
import type { Near, NearInit } from './dial/near-relay.ts'
import type { DialledNames } from './dial/dial-gate.ts'
import type { Identity } from './libp2p/identity.ts'
import type { Roster, RosterInit } from './presence/roster.ts'
import type { TellableProcesses } from './module/module-answers.ts'
import type { TellTrace } from './trace/trace-question.ts'

/** The platform of libp2p: a page has other transports than Node. */
export interface Platform {
  transports: NonNullable<Libp2pOptions['transports']>
  /** Multiaddrs to listen on. */
  listen: readonly string[]
  /** Public multiaddrs, beside those that are listened on. */
  announce?: readonly string[]
  /**
   * Further services: relay server, DHT server. With a `dht` here, routing uses it. Otherwise the DHT is loaded when it
   * is needed.
   */
  services?: Record<string, (components: never) => unknown>
  connectionManager?: Libp2pOptions['connectionManager']
  connectionGater?: Libp2pOptions['connectionGater']
  /** Where libp2p keeps what it knows about peers. Left out: in memory. */
  datastore?: Libp2pOptions['datastore']
  metrics?: Libp2pOptions['metrics']
  /** Left out: libp2p's own loggers, which DEBUG and `localStorage.debug` turn on. */
  logger?: Libp2pOptions['logger']
  /** Cryptography for Noise. Left out: Noise's own. */
  noise?: () => Promise<ICryptoInterface>
  /** Puts the handshakes of others in line. Left out: they begin at once. */
  pace?: Pace
  /** Whether many peers are connected to this one only. Then it passes gossip on to all of them. */
  hub?: boolean
  /** For a relay: for how many further peers it has room. */
  room?: ((libp2p: Libp2p) => number) | undefined
  /** For a relay: answers who is in its network, by the connections to a peer. */
  near?: ((connections: NearInit['connections']) => Near) | undefined
  /** For a relay: makes its roster. */
  roster?: ((init: RosterInit) => Roster) | undefined
  /**
   * The network of this peer that contains a host; undefined if there is none. Private addresses of strangers are
   * dialled only there. Left out: every address is dialled.
   */
  networkHere?(host: string): string | undefined
  /** Lookups of DNS names. Left out: names cannot be looked up here, and are judged by their text. */
  names?: DialledNames
  /** Whether this peer is a hidden page. Left out: it never is. */
  hidden?(): boolean
  /** The name under which quotas count an address. Left out: each peer counts alone. */
  networkOf?(address: Multiaddr): string
  /** Called when an announcement of a peer was dropped. */
  droppedAnnouncement?(): void
  /** Whether this peer makes reservations at its relays, so that others reach it there. */
  reserves: boolean
}

export interface MeshInit {
  identity: Identity
  log: Logger
  /** Delivers a call to the router. */
  serveStream(stream: Stream): Promise<void>
  /** Whether there is such a process and method here. */
  isServed(address: Address): boolean
  /** How long a peer that is not Glia's may keep a call waiting, in ms. Default 30 s. */
  silenceMs?: number
  /** PID of the root process. */
  root(): string
  /** The processes that a peer may see in a list. Left out: none. */
  listedTo?(peer: string): readonly ListedProcess[]
  /** What a peer is told of a trace. Left out: nothing. */
  traced?: TellTrace | undefined
  /** What peers are told of processes, and given of their modules. Left out: nothing. */
  tellable?: TellableProcesses | undefined
  /** A process of this peer, or one that was killed not long ago, for its watchers. Left out: none is watched. */
  watched?(pid: string): Watched | undefined
  /** The name that this peer announces. Empty: none. Left out: it never has one. */
  name?(): string
  /** Whether the person has blocked a peer. It is not dialled, and its connections are refused. */
  isBlocked?(peer: string): boolean
  platform: Platform
  /** Called when something has changed that a view shows. */
  changed?(): void
}
