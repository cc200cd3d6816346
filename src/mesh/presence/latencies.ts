import type { Connection } from '@libp2p/interface'
import { LATENCY_AGE_MS, PING_ANSWER_MS } from '../limits.ts'
import { ping } from '../dialects/probe.ts'

interface Measured {
  /** Time of the last answered ping. */
  ms: number | undefined
  at: number
}

/**
 * Round trips, measured now and then. libp2p's connection monitor is off: it pings all connections every time, and
 * twenty tabs that know each other would open hundreds of streams every time.
 */
export class Latencies {
  readonly #measured = new WeakMap<Connection, Measured>()

  /** In ms; undefined until it was measured. */
  of(connection: Connection): number | undefined {
    return this.#measured.get(connection)?.ms
  }

  /** Measures a few connections each time: those never measured, and those measured longest ago. */
  async measureSome(connections: readonly Connection[], most: number, now = Date.now()): Promise<void> {
    const at = (connection: Connection): number => this.#measured.get(connection)?.at ?? 0
    const due = connections.filter(
      (connection) => connection.status === 'open' && now - at(connection) > LATENCY_AGE_MS,
    )
    due.sort((a, b) => at(a) - at(b))
    await Promise.all(due.slice(0, most).map((connection) => this.measure(connection)))
  }

  /** Takes the time of a ping that the pulse of a connection has sent. */
  note(connection: Connection, ms: number): void {
    this.#measured.set(connection, { ms, at: Date.now() })
  }

  async measure(connection: Connection): Promise<void> {
    const known = this.#measured.get(connection)
    this.#measured.set(connection, { ms: known?.ms, at: Date.now() })
    try {
      const ms = await ping(connection, AbortSignal.timeout(PING_ANSWER_MS))
      this.#measured.set(connection, { ms, at: Date.now() })
    } catch {
      // A missing answer is no reason to end the connection: a throttled tab answers late. The known latency stays.
    }
  }
}
