import { isIPv6 } from 'node:net'
// oxlint-disable-next-line import/no-unassigned-import -- gives what Node lacks
import '../patches/socket-errors.ts'
import { circuitRelayServer, type CircuitRelayService, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import type { Libp2p, Metrics } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import type { Platform } from '../../mesh/node.ts'
import { Near } from '../../mesh/dial/near-relay.ts'
import { dht } from '../../mesh/presence/dht.ts'
import { Roster } from '../../mesh/presence/roster.ts'
import { BoundedDatastore } from './bounded-datastore.ts'
import type { ConnectionGuard } from '../inbound/connection-guard.ts'
import {
  CIRCUIT_MS,
  DATASTORE_BOUNDS,
  MAX_CIRCUITS_PER_PEER,
  MAX_CONNECTIONS,
  MAX_RESERVATIONS,
  RESERVATION_MS,
} from '../limits.ts'
import type { RefusalObserver } from '../metrics/metrics.ts'
import { toNewestConnection } from '../patches/newest-connection.ts'
import { PinnedNames } from './dialled-names.ts'
import { networkHere } from '../inbound/networks-here.ts'
import { networkAt } from '../inbound/networks.ts'
import type { OwnNames } from '../http/own-names.ts'
import type { RelayGuard } from './relay-guard.ts'
import { guardedWebSockets } from './guarded-websockets.ts'
import { quietLogger } from './quiet-logger.ts'

export interface RelayInit {
  /** Address at which both ports listen. */
  readonly host: string
  readonly ws: number
  readonly tcp: number
  readonly announce: readonly string[]
  readonly metrics: () => Metrics
  readonly connectionGuard: ConnectionGuard
  readonly guard: RelayGuard
  readonly names: OwnNames
  readonly observer: RefusalObserver
  /** Bytes that a circuit may carry, both directions together; undefined means no limit. */
  readonly circuitBytes: number | undefined
}

/** The platform of libp2p in Node: the two ports, a circuit relay for tabs, and a part of the DHT that finds them. */
export function relayPlatform(init: RelayInit): Platform {
  const { host, ws, tcp: tcpPort, announce, metrics, connectionGuard, guard, names, observer, circuitBytes } = init
  const { unfinished } = connectionGuard
  const dialled = new PinnedNames()
  // The type of @libp2p/tcp 11.0.28 lacks this field. The package passes it on to net.connect.
  const dialOpts = { noDelay: true, lookup: dialled.lookup }
  return {
    transports: [
      connectionGuard.guard(guardedWebSockets({ names, unfinished, observer, lookup: dialled.lookup })),
      connectionGuard.guard(tcp({ dialOpts })),
      // For peers behind other relays.
      circuitRelayTransport({
        maxOutboundStopStreams: MAX_CIRCUITS_PER_PEER,
        maxInboundStopStreams: MAX_CIRCUITS_PER_PEER,
      }),
    ],
    listen: hostsOf(host).flatMap((ip) => [`${ip}/tcp/${ws}/ws`, `${ip}/tcp/${tcpPort}`]),
    announce,
    connectionManager: {
      maxConnections: MAX_CONNECTIONS,
      // The connectionGuard counts both, by network.
      inboundConnectionThreshold: Infinity,
      maxIncomingPendingConnections: Infinity,
    },
    services: {
      relay: guard.guard(
        toNewestConnection(
          circuitRelayServer({
            maxInboundHopStreams: MAX_CIRCUITS_PER_PEER,
            maxOutboundStopStreams: MAX_CIRCUITS_PER_PEER,
            reservations: {
              maxReservations: MAX_RESERVATIONS,
              reservationTtl: RESERVATION_MS,
              // A circuit with any limit is second-class: go-libp2p's NewStream and js-libp2p's newStream wait or
              // refuse on it, unless the program asks for limited connections by name. If no direct connection can be
              // made, the relay is the only way.
              applyDefaultLimit: circuitBytes !== undefined,
              ...(circuitBytes !== undefined && {
                defaultDataLimit: BigInt(circuitBytes),
                defaultDurationLimit: CIRCUIT_MS,
              }),
            },
          }),
        ),
      ),
      dht: dht({ clientMode: false }),
    },
    connectionGater: guard.gater,
    datastore: new BoundedDatastore(DATASTORE_BOUNDS),
    networkHere: (ip) => networkHere(host, ip),
    names: dialled,
    networkOf: networkAt,
    droppedAnnouncement: () => observer.refused('announcement'),
    metrics,
    logger: quietLogger(),
    hub: true,
    room: (libp2p) => Math.max(0, MAX_RESERVATIONS - reservationsOf(libp2p).size),
    near: (connections) =>
      new Near({
        networkHere: (ip) => networkHere(host, ip),
        resolve: (name) => dialled.resolve(name),
        connections,
      }),
    roster: (needs) => new Roster(needs),
    // This peer is reached at its own addresses.
    reserves: false,
  }
}

/** In Node's HTTP `::` means every address, in libp2p those of IPv6 only. */
function hostsOf(host: string): string[] {
  if (host === '::') return ['/ip4/0.0.0.0', '/ip6/::']
  return [`/${isIPv6(host) ? 'ip6' : 'ip4'}/${host}`]
}

/** Reservations that tabs have at this relay. */
export function reservationsOf(libp2p: Libp2p): CircuitRelayService['reservations'] {
  return (libp2p.services as { relay: CircuitRelayService }).relay.reservations
}

/** The TCP port of the port for browsers, once it is open. */
export function wsPortOf(libp2p: Libp2p): number {
  for (const address of libp2p.getMultiaddrs()) {
    const [, port] = /^\/ip[46]\/[^/]+\/tcp\/(\d+)\/ws\/p2p\//.exec(address.toString()) ?? []
    if (port !== undefined) return Number(port)
  }
  throw new Error('The relay listens for no WebSockets.')
}
