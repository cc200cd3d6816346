import { type CircuitRelayServerComponents, type CircuitRelayService } from '@libp2p/circuit-relay-v2'
import type { Connection, ConnectionGater, Libp2pEvents, PeerId, Stream, TypedEventTarget } from '@libp2p/interface'
import { RAW_PROTOCOL, SESSION_PROTOCOL } from '../../mesh/limits.ts'
import { IDENTIFY_MS } from '../limits.ts'
import type { RefusalObserver } from '../metrics/metrics.ts'
import { networkAt, shareOf } from '../inbound/networks.ts'
import { Quota } from '../inbound/quota.ts'
import { eachCircuit, type RelayServer } from '../patches/relay-server.ts'

export interface RelayGuardInit {
  /** Reservations that one network may have. */
  readonly reservationsPerNetwork: number
  /** Circuits that may be open at once: those that one network asked for, and all. */
  readonly circuitsPerNetwork: number
  readonly circuits: number
  /** 'glia': only peers that say they speak Glia can be reached through this relay. */
  readonly relayFor: 'glia' | 'any'
  readonly observer: RefusalObserver
}

/** The parts of libp2p that the server gets. */
type Components = CircuitRelayServerComponents & { events: TypedEventTarget<Libp2pEvents> }

const RESERVATION_REFUSED = 200
/** Peers of the reference advertise its protocol without the slash. */
const GLIA_PROTOCOLS: readonly string[] = [SESSION_PROTOCOL, RAW_PROTOCOL, RAW_PROTOCOL.slice(1)]

/** Limits what the relay does for each network, and decides for which peers it relays. */
export class RelayGuard {
  readonly #init: RelayGuardInit
  readonly #ofNetwork: Quota
  #circuits = 0
  /** Connected peers that have said which protocols they speak. */
  readonly #identified = new Set<string>()
  #components: Components | undefined

  constructor(init: RelayGuardInit) {
    this.#init = init
    this.#ofNetwork = new Quota(init.circuitsPerNetwork)
  }

  /**
   * libp2p asks it before it gives a reservation, and before it connects two peers. A peer that is slow to say what it
   * speaks gets its reservation, and is reachable once it has said so.
   */
  readonly gater: ConnectionGater = {
    denyInboundRelayReservation: async (peer) => this.#denies((await this.#speaksGlia(peer)) === false),
    denyOutboundRelayedConnection: async (_source, peer) => this.#denies((await this.#speaksGlia(peer)) !== true),
  }

  /** Guards the relay that a factory makes. */
  guard(make: (components: Components) => CircuitRelayService): (components: Components) => CircuitRelayService {
    return (components) => {
      this.#components = components
      const { events, connectionManager } = components
      events.addEventListener('peer:identify', ({ detail: { peerId } }) => {
        // Identify may end after the connection did. Nothing would take the peer out of the set then.
        if (connectionManager.getConnections(peerId).length > 0) this.#identified.add(peerId.toString())
      })
      events.addEventListener('peer:disconnect', ({ detail }) => this.#identified.delete(detail.toString()))
      const relay = make(components) as RelayServer
      this.#boundReservations(relay)
      eachCircuit(relay, {
        open: (stream, connection) => this.#open(stream, connection),
        refused: () => this.#init.observer.refused('circuit'),
      })
      return relay
    }
  }

  #boundReservations(relay: RelayServer): void {
    const { reservationsPerNetwork, observer } = this.#init
    const store = relay.reservationStore
    const reserve = store.reserve.bind(store)
    store.reserve = (peer, address, limit) => {
      const network = networkAt(address)
      const isNew = !relay.reservations.has(peer)
      if (isNew && reservationsOf(relay, network) >= shareOf(network, reservationsPerNetwork)) {
        observer.refused('reservation')
        return { status: RESERVATION_REFUSED }
      }
      const answer = reserve(peer, address, limit)
      if (answer.status === RESERVATION_REFUSED) observer.refused('reservation')
      return answer
    }
  }

  /**
   * Counts a circuit until its stream ends. @returns a function that ends the count earlier; undefined if there are too
   * many circuits
   */
  #open(stream: Stream, { remoteAddr }: Connection): (() => void) | undefined {
    const giveBack = this.#circuits < this.#init.circuits ? this.#ofNetwork.take(networkAt(remoteAddr)) : undefined
    if (!giveBack) return undefined
    this.#circuits += 1
    let isOver = false
    const over = (): void => {
      if (isOver) return
      isOver = true
      this.#circuits -= 1
      giveBack()
    }
    if (stream.status === 'open') stream.addEventListener('close', over, { once: true })
    else over()
    return over
  }

  #denies(isStranger: boolean): boolean {
    if (!isStranger) return false
    this.#init.observer.refused('not glia')
    return true
  }

  /**
   * Whether a peer says that it speaks Glia; undefined if it does not say in time what it speaks. It may just have
   * connected.
   */
  async #speaksGlia(peer: PeerId): Promise<boolean | undefined> {
    if (this.#init.relayFor === 'any') return true
    if (!this.#components) return undefined
    const { events, peerStore } = this.#components
    const signal = AbortSignal.timeout(IDENTIFY_MS)
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- until identify has asked
      const protocols = await peerStore.get(peer).then(
        (known) => known.protocols,
        () => [],
      )
      if (protocols.some((protocol) => GLIA_PROTOCOLS.includes(protocol))) return true
      // libp2p also records the protocol of each stream that the peer opens. Before identify that is all it knows.
      if (this.#identified.has(peer.toString())) return false
      if (signal.aborted) return undefined
      // oxlint-disable-next-line no-await-in-loop
      await identified(events, peer, signal)
    }
  }
}

/** Resolves when a peer has said what it speaks, or when the signal aborts. */
async function identified(events: Components['events'], peer: PeerId, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      events.removeEventListener('peer:identify', onIdentify)
      resolve()
    }
    const onIdentify = ({ detail }: CustomEvent<{ peerId: PeerId }>): void => {
      if (detail.peerId.equals(peer)) done()
    }
    events.addEventListener('peer:identify', onIdentify)
    signal.addEventListener('abort', done, { once: true })
  })
}

function reservationsOf(relay: CircuitRelayService, network: string): number {
  let count = 0
  for (const { addr } of relay.reservations.values()) if (networkAt(addr) === network) count += 1
  return count
}
