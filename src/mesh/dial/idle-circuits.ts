import type { Connection, Libp2p } from '@libp2p/interface'
import { isDirect } from './addresses.ts'
import { closeGently } from '../libp2p/close-gently.ts'
import { CIRCUIT_IDLE_MS, LISTING_PROTOCOL, RAW_PROTOCOL, SESSION_PROTOCOL, WATCH_PROTOCOL } from '../limits.ts'

export interface IdleCircuitsInit {
  libp2p: Libp2p
  /** Calls under way over a connection. */
  callsOn(connection: Connection): number
}

/**
 * Streams that do not count as use of a connection: those that last as long as the connection, and those that only ask
 * about a peer.
 */
const NO_USE = [SESSION_PROTOCOL, WATCH_PROTOCOL, LISTING_PROTOCOL, '/meshsub/', '/floodsub/', '/ipfs/']

/** Closes relayed connections without calls. Each takes up room at its relay, and a new one is made quickly. */
export class IdleCircuits {
  readonly #init: IdleCircuitsInit
  readonly #usedAt = new WeakMap<Connection, number>()

  constructor(init: IdleCircuitsInit) {
    this.#init = init
  }

  sweep(now = Date.now()): void {
    const connections = this.#init.libp2p.getConnections().filter(({ status }) => status === 'open')
    const direct = new Set(connections.filter(isDirect).map(({ remotePeer }) => remotePeer.toString()))
    for (const connection of connections) {
      if (isDirect(connection)) continue
      // No new call takes the relayed connection while there is a direct one, and watches move over to that.
      const isNeeded = !direct.has(connection.remotePeer.toString())
      const isUsed = this.isUsed(connection) || (isNeeded && hasWatches(connection))
      const usedAt = isUsed ? now : (this.#usedAt.get(connection) ?? now)
      this.#usedAt.set(connection, usedAt)
      if (now - usedAt < (isNeeded ? CIRCUIT_IDLE_MS : CIRCUIT_IDLE_MS / 10)) continue
      closeGently(connection)
    }
  }

  /** Whether calls are under way over a connection, in either dialect. */
  isUsed(connection: Connection): boolean {
    if (this.#init.callsOn(connection) > 0) return true
    return connection.streams.some(
      ({ protocol }) => protocol.startsWith(`${RAW_PROTOCOL}/`) || !NO_USE.some((start) => protocol.startsWith(start)),
    )
  }
}

function hasWatches({ streams }: Connection): boolean {
  return streams.some(({ protocol }) => protocol === WATCH_PROTOCOL)
}
