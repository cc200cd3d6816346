import type { Connection } from '@libp2p/interface'
import { LATENCY_AGE_MS, PING_ANSWER_MS } from '../limits.ts'
import { ping } from '../dial/probe.ts'

interface Measured {
  /** Of the last ping that was answered. */
  ms: number | undefined
  at: number
}

/**
 * Round trips, measured now and then. Not by libp2p's connection monitor: it pings all connections every time, and where
 * twenty tabs know one another those are hundreds of new streams every time.
 */
export class Latencies {
  readonly #measured = new WeakMap<Connection, Measured>()

  /** In ms; undefined until it was measured. */
  of(connection: Connection): number | undefined {
    return this.#measured.get(connection)?.ms
  }

  /** Measures the connections that were not measured for longest, and those not at all: a few each time. */
  async measureSome(connections: readonly Connection[], most: number, now = Date.now()): Promise<void> {
    const at = (connection: Connection): number => this.#measured.get(connection)?.at ?? 0
    const due = connections.filter(
      (connection) => connection.status === 'open' && now - at(connection) > LATENCY_AGE_MS,
    )
    due.sort((a, b) => at(a) - at(b))
    await Promise.all(due.slice(0, most).map((connection) => this.measure(connection)))
  }

  async measure(connection: Connection): Promise<void> {
    const known = this.#measured.get(connection)
    this.#measured.set(connection, { ms: known?.ms, at: Date.now() })
    try {
      const ms = await ping(connection, AbortSignal.timeout(PING_ANSWER_MS))
      this.#measured.set(connection, { ms, at: Date.now() })
    } catch {
      // No answer is no reason to end it: a throttled tab answers late. What is known stays.
    }
  }
}
