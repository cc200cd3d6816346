/** What a peer knows about the mesh around it, for views and scripts. It is plain data without libp2p. */
import type { ConnectedPeer } from '../../glia/http/http.ts'
import type { WhyRelayed } from '../dial/why-relayed.ts'

export type { WhyRelayed } from '../dial/why-relayed.ts'

/** Another peer. */
export interface PeerInfo {
  /** Base58btc. */
  peerId: string
  /** The name that the peer announces, cleaned. Anybody may take any name: never use it in place of the id. */
  name?: string | undefined
  /** How the peer is reached now. 'none': it is known, and there is no connection. */
  link: 'direct' | 'relayed' | 'none'
  /** Multiaddr of the connection, or an announced one; undefined if none is known. */
  address: string | undefined
  /** Round trip of the last ping, in ms; undefined before the first one. */
  latencyMs: number | undefined
  /** Name and version of its software, as the peer says. */
  agent: string | undefined
  /** Protocol ids that it advertises. */
  protocols: readonly string[]
  /** When the connection was made, in ms since the epoch. */
  since: number | undefined
  /** Whether it relays for this peer. */
  relay: boolean
  /** Whether it runs processes that can be called: it advertises Glia's protocol. */
  processes: boolean
}

/** A relay that this peer uses, or tries to use. */
export interface RelayInfo {
  /** Multiaddr that is dialled. */
  address: string
  /** Undefined until it is known. */
  peerId: string | undefined
  /**
   * 'waiting': the last attempt failed, and the next is at `retryAt`. 'refused': the relay is connected and gives no reservation,
   * so this peer can call others and they cannot call it; it asks again at `retryAt`.
   */
  state: 'connecting' | 'reserved' | 'refused' | 'waiting'
  /** When the reservation expires, in ms since the epoch. It is renewed before. */
  expires: number | undefined
  /** When the next attempt is, in ms since the epoch. */
  retryAt: number | undefined
  /** Why the last attempt failed, as a sentence. */
  error: string | undefined
  /** For how many further peers the relay has room, as it says; undefined if it does not. */
  room?: number | undefined
}

/** What a page about one peer shows besides {@link PeerInfo}. */
export interface PeerDetail {
  /** Connections, the best one first. */
  connections: readonly ConnectionDetail[]
  /** Bytes in both directions since the peer was first looked at, over all connections. */
  receivedBytes: number
  sentBytes: number
  /** When it was connected last, in ms since the epoch; undefined if it is connected, or never was. */
  lastSeen: number | undefined
  /** Undefined if there is a direct connection, or none at all. */
  whyRelayed: WhyRelayed | undefined
}

export interface ConnectionDetail {
  /** Multiaddr of the other side. */
  address: string
  isDirect: boolean
  /** Whether a relay bounds what the connection may carry. */
  isLimited: boolean
  /** Whether the other peer made it. */
  isInbound: boolean
  /** ms since the epoch. */
  since: number
  streams: readonly { protocol: string; isInbound: boolean }[]
}

/** A connection, and what it has carried. */
export interface ConnectionInfo {
  /** The same as long as the connection is open. */
  id: string
  peerId: string
  /** Multiaddr of the other side. */
  address: string
  /** Round trip of the last ping, in ms; undefined before the first one. */
  latencyMs: number | undefined
  /** Bytes from and to the other side, since they were first counted or before. */
  bytesIn: number
  bytesOut: number
  /** When they were counted, in ms on the clock of `performance.now()`. */
  at: number
}

/** Connected peers, as the HTTP API shows them. */
export function connectedPeers(peers: readonly PeerInfo[]): ConnectedPeer[] {
  return peers.flatMap(({ peerId, link, agent, processes }) =>
    link === 'none' ? [] : [{ id: peerId, link, agent, processes }],
  )
}
