import type { Connection, IdentifyResult, Libp2p } from '@libp2p/interface'
import { isDirect } from '../dial/addresses.ts'
import type { KnownPeers } from './known-peers.ts'
import type { Latencies } from './latencies.ts'
import { RAW_PROTOCOL } from '../limits.ts'
import type { PeerInfo } from './peer-info.ts'

/** Peers that left and are remembered. */
const MAX_SEEN = 1000
/** Protocol ids that peers with processes advertise. The reference's peers leave out the slash. */
const PROCESS_PROTOCOLS = [RAW_PROTOCOL, RAW_PROTOCOL.slice(1)]

export interface PeerTableInit {
  libp2p: Libp2p
  known: KnownPeers
  latencies: Latencies
  /** The name that a peer announces; undefined if it has none. */
  nameOf(peer: string): string | undefined
  /** Peer ids of the relays that this peer uses. */
  relays(): ReadonlySet<string>
}

/** What a peer told about itself. */
interface SelfDescription {
  agent: string | undefined
  protocols: readonly string[]
}

/**
 * The peers around this one, for views. They are kept here, because libp2p tells only once, in an event, what a peer
 * said about itself.
 */
export class PeerTable {
  readonly #init: PeerTableInit
  readonly #said = new Map<string, SelfDescription>()
  /** When peers were connected last, the latest last. */
  readonly #lastSeen = new Map<string, number>()

  constructor(init: PeerTableInit) {
    this.#init = init
  }

  identified({ peerId, agentVersion, protocols }: IdentifyResult): void {
    this.#said.set(peerId.toString(), { agent: agentVersion, protocols })
  }

  /** Call it when a peer has changed what it offers. */
  updated(peer: string, protocols: readonly string[]): void {
    const said = this.#said.get(peer)
    if (said) this.#said.set(peer, { ...said, protocols })
  }

  /** What a connected peer offers; nothing until it has said so. */
  protocolsOf(peer: string): readonly string[] {
    return this.#said.get(peer)?.protocols ?? []
  }

  gone(peer: string): void {
    this.#said.delete(peer)
    this.#lastSeen.delete(peer)
    this.#lastSeen.set(peer, Date.now())
    const [oldest] = this.#lastSeen.keys()
    if (this.#lastSeen.size > MAX_SEEN && oldest !== undefined) this.#lastSeen.delete(oldest)
  }

  /** When a peer that is not connected was connected last. */
  lastSeen(peer: string): number | undefined {
    return this.#lastSeen.get(peer)
  }

  /** Connected peers, the oldest connection first; then those that are only known. */
  list(): PeerInfo[] {
    const relays = this.#init.relays()
    const connected = new Map<string, Connection[]>()
    for (const connection of this.#init.libp2p.getConnections()) {
      if (connection.status !== 'open') continue
      const peer = connection.remotePeer.toString()
      connected.set(peer, [...(connected.get(peer) ?? []), connection])
    }
    const rows = [...connected].map(([peer, connections]) => this.#connected(peer, connections, relays.has(peer)))
    rows.sort((a, b) => (a.since ?? 0) - (b.since ?? 0))
    const others = this.#init.known.all.filter(({ id }) => !connected.has(id.toString()))
    return [...rows, ...others.map(({ id, addresses }) => this.#unconnected(id.toString(), addresses.map(String)))]
  }

  #connected(peerId: string, connections: readonly Connection[], relay: boolean): PeerInfo {
    const direct = connections.find(isDirect)
    const best = direct ?? connections[0]
    const said = this.#said.get(peerId)
    const protocols = said?.protocols ?? []
    return {
      peerId,
      name: this.#init.nameOf(peerId),
      link: direct ? 'direct' : 'relayed',
      address: best?.remoteAddr.toString(),
      latencyMs: best && this.#init.latencies.of(best),
      agent: said?.agent,
      protocols,
      since: Math.min(...connections.map(({ timeline }) => timeline.open)),
      relay,
      processes: PROCESS_PROTOCOLS.some((id) => protocols.includes(id)),
    }
  }

  #unconnected(peerId: string, addresses: readonly string[]): PeerInfo {
    return {
      peerId,
      name: this.#init.nameOf(peerId),
      link: 'none',
      address: addresses.find((address) => !isWebRtcText(address)) ?? addresses[0],
      latencyMs: undefined,
      agent: undefined,
      protocols: [],
      since: undefined,
      relay: false,
      // Only Glia peers announce themselves on this topic.
      processes: true,
    }
  }
}

function isWebRtcText(address: string): boolean {
  return address.includes('/webrtc')
}
