import type { Connection } from '@libp2p/interface'
import { type Traffic, trafficOf } from '../patches/connection-traffic.ts'
import type { ConnectionInfo } from './peer-info.ts'

/** Connections that are counted at a time. Over WebRTC each count asks the browser for a report. */
const COUNTED = 16

interface Counted extends Traffic {
  readonly at: number
}

/** Tells what each connection carries, again and again. */
export class ConnectionList {
  readonly #counted = new WeakMap<Connection, Counted>()
  readonly #latencyOf: (connection: Connection) => number | undefined

  constructor(latencyOf: (connection: Connection) => number | undefined) {
    this.#latencyOf = latencyOf
  }

  /** Counts some of the connections, those that were counted longest ago, and tells of all. */
  async of(connections: readonly Connection[]): Promise<ConnectionInfo[]> {
    const at = (connection: Connection): number => this.#counted.get(connection)?.at ?? 0
    const due = connections.toSorted((a, b) => at(a) - at(b)).slice(0, COUNTED)
    await Promise.all(due.map((connection) => this.#count(connection)))
    return connections.flatMap((connection) => {
      const counted = this.#counted.get(connection)
      if (!counted) return []
      return {
        id: connection.id,
        peerId: connection.remotePeer.toString(),
        address: connection.remoteAddr.toString(),
        latencyMs: this.#latencyOf(connection),
        bytesIn: counted.received,
        bytesOut: counted.sent,
        at: counted.at,
      }
    })
  }

  async #count(connection: Connection): Promise<void> {
    const traffic = await trafficOf(connection)
    this.#counted.set(connection, { ...traffic, at: performance.now() })
  }
}
