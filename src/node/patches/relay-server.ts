import type { CircuitRelayService } from '@libp2p/circuit-relay-v2'
import type { AbortOptions, Connection, PeerId, Stream } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { abortWith } from '../../mesh/dialects/libp2p-stream.ts'
import { IDLE_MS } from '../../mesh/limits.ts'

/**
 * What is used of libp2p's relay server besides its interface: it bounds reservations in all only, and circuits not at all.
 *
 * Seen in @libp2p/circuit-relay-v2 4.2.13. Upstream: not reported, see src/mesh/patches/README.md.
 */
export interface RelayServer extends CircuitRelayService {
  reservationStore: { reserve(peer: PeerId, address: Multiaddr, limit?: object): { status: number; expire?: number } }
  onHop(this: RelayServer, stream: Stream, connection: Connection): Promise<void>
  handleConnect(hop: Hop, options: AbortOptions): Promise<void>
}

/** A request of a peer to the relay. Messages on its stream are protobuf. */
interface Hop {
  connection: Connection
  stream: {
    pb(codec: typeof asIs): { write(message: Uint8Array, options: AbortOptions): Promise<void> }
    /** The relay calls it for a circuit that both peers have agreed to. */
    unwrap(): unknown
  }
}

export interface CircuitObserver {
  /** Counts a circuit until its stream ends. @returns ends the count earlier; undefined if there are too many circuits */
  open(stream: Stream, connection: Connection): (() => void) | undefined
  refused(): void
}

/** A HopMessage of type STATUS (2) with the status RESOURCE_LIMIT_EXCEEDED (201). */
const CIRCUITS_EXCEEDED = Uint8Array.of(0x08, 2, 0x28, 201, 1)

/**
 * Asks before each circuit. The library tells its handler over which connection a request to connect came, but not on which stream. The end
 * of that stream is the end of the circuit. So each request has a handler of its own.
 */
export function eachCircuit(relay: RelayServer, { open, refused }: CircuitObserver): void {
  const { onHop } = Object.getPrototypeOf(relay) as Pick<RelayServer, 'onHop'>
  relay.onHop = async (stream, connection) => {
    const handleConnect: RelayServer['handleConnect'] = async (hop, options) => {
      const giveBack = open(stream, connection)
      let isConnected = false
      const unwrap = (): unknown => {
        isConnected = true
        return hop.stream.unwrap()
      }
      try {
        if (giveBack) {
          await relay.handleConnect({ ...hop, stream: { ...hop.stream, unwrap } }, options)
        } else {
          refused()
          await hop.stream.pb(asIs).write(CIRCUITS_EXCEEDED, options)
        }
        if (!isConnected) void stream.close().catch(() => undefined)
      } finally {
        // The library leaves the stream of a refused request open, and the peer may not close its half.
        if (!isConnected) {
          giveBack?.()
          abortWith(stream, AbortSignal.timeout(IDLE_MS))
        }
      }
    }
    await onHop.call(
      Object.create(relay, { handleConnect: { value: handleConnect } }) as RelayServer,
      stream,
      connection,
    )
  }
}

/** Bytes as they are, for a stream of protobuf messages. */
const asIs = { encode: (bytes: Uint8Array) => bytes, decode: (bytes: Uint8Array) => bytes }
