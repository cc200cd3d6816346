/** Loaded when a peer is looked at: nothing else needs it. */
import type { Connection, Libp2p } from '@libp2p/interface'
import { isDirect, openConnections } from '../dial/addresses.ts'
import type { WhyRelayed } from '../dial/why-relayed.ts'
import { SIGNALLING_PROTOCOL } from '../limits.ts'
import { type Traffic, trafficOf } from '../patches/connection-traffic.ts'
import type { ConnectionDetail, PeerDetail } from './peer-info.ts'

export interface PeerLookInit {
  libp2p: Libp2p
  protocolsOf(peer: string): readonly string[]
  lastSeen(peer: string): number | undefined
  why(peer: string): WhyRelayed
}

/** Peers whose bytes are remembered. */
const MAX_PEERS = 64

interface Sums {
  received: number
  sent: number
}

/** Looks at one peer after another, for a page about it. */
export class PeerLook {
  readonly #init: PeerLookInit
  readonly #sums = new Map<string, Sums>()
  readonly #before = new WeakMap<Connection, Traffic>()

  constructor(init: PeerLookInit) {
    this.#init = init
  }

  async at(peer: string): Promise<PeerDetail> {
    const { libp2p, lastSeen } = this.#init
    const connections = openConnections(libp2p, peer)
    connections.sort((a, b) => Number(isDirect(b)) - Number(isDirect(a)) || b.timeline.open - a.timeline.open)
    const { received, sent } = await this.#sum(peer, connections)
    return {
      connections: connections.map(detailOf),
      receivedBytes: received,
      sentBytes: sent,
      lastSeen: connections.length === 0 ? lastSeen(peer) : undefined,
      whyRelayed: connections.length === 0 || connections.some(isDirect) ? undefined : this.#why(peer),
    }
  }

  #why(peer: string): WhyRelayed {
    const protocols = this.#init.protocolsOf(peer)
    const why = this.#init.why(peer)
    const hasNone = protocols.length > 0 && !protocols.includes(SIGNALLING_PROTOCOL)
    return why.kind !== 'no-webrtc-here' && hasNone ? { kind: 'no-webrtc-there' } : why
  }

  async #sum(peer: string, connections: readonly Connection[]): Promise<Sums> {
    const sums = this.#sums.get(peer) ?? { received: 0, sent: 0 }
    this.#sums.delete(peer)
    this.#sums.set(peer, sums)
    const [oldest] = this.#sums.keys()
    if (this.#sums.size > MAX_PEERS && oldest !== undefined) this.#sums.delete(oldest)
    await Promise.all(
      connections.map(async (connection) => {
        const traffic = await trafficOf(connection)
        const before = this.#before.get(connection) ?? traffic
        this.#before.set(connection, traffic)
        sums.received += Math.max(0, traffic.received - before.received)
        sums.sent += Math.max(0, traffic.sent - before.sent)
      }),
    )
    return { ...sums }
  }
}

function detailOf(connection: Connection): ConnectionDetail {
  return {
    address: connection.remoteAddr.toString(),
    isDirect: isDirect(connection),
    isLimited: connection.limits !== undefined,
    isInbound: connection.direction === 'inbound',
    since: connection.timeline.open,
    streams: connection.streams.map(({ protocol, direction }) => ({
      protocol: protocol === '' ? 'being agreed on' : protocol,
      isInbound: direction === 'inbound',
    })),
  }
}
