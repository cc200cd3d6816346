import type { Connection } from '@libp2p/interface'
import { HIDDEN_PULSE_MS, IDLE_PULSE_MS, PULSE_ANSWER_MS, PULSE_MS } from '../limits.ts'
import { Pulse } from './pulse.ts'

interface Watched {
  readonly pulse: Pulse
  /** Those who want the connection watched. */
  readonly watchers: Set<symbol>
}

export interface PulsesInit {
  /** Whether this peer is a hidden page: its timers are slow, and nobody waits for it. */
  hidden(): boolean
  /** Whether nobody waits for anything on a connection. Left out: somebody may. */
  isIdle?(connection: Connection): boolean
  /** Called with the round trip of each ping, in ms. */
  measured?(connection: Connection, ms: number): void
}

/** The pulses of the connections that matter: to relays, and directly to peers. */
export class Pulses {
  readonly #init: PulsesInit
  readonly #watched = new Map<Connection, Watched>()

  constructor(init: PulsesInit) {
    this.#init = init
  }

  get hidden(): boolean {
    return this.#init.hidden()
  }

  /**
   * Watches a connection until it is closed, or until every watch of it has ended. Two links to one relay share their
   * connection.
   * @returns a function that ends this watch; idempotent
   */
  watch(connection: Connection): () => void {
    const watcher = Symbol('watcher')
    const watched = this.#watched.get(connection) ?? this.#begin(connection)
    watched.watchers.add(watcher)
    return () => {
      if (!watched.watchers.delete(watcher) || watched.watchers.size > 0) return
      watched.pulse.stop()
      this.#watched.delete(connection)
    }
  }

  #begin(connection: Connection): Watched {
    const { isIdle, measured } = this.#init
    const everyMs = (): number => {
      if (this.hidden) return HIDDEN_PULSE_MS
      return isIdle?.(connection) === true ? IDLE_PULSE_MS : PULSE_MS
    }
    const pulse = new Pulse({
      connection,
      everyMs,
      answerMs: PULSE_ANSWER_MS,
      measured: (ms) => measured?.(connection, ms),
    })
    const watched: Watched = { pulse, watchers: new Set() }
    this.#watched.set(connection, watched)
    connection.addEventListener('close', () => this.#watched.delete(connection), { once: true })
    return watched
  }

  /** Pings on all connections at once, because the page woke up or the network changed. */
  now(): void {
    for (const { pulse } of this.#watched.values()) pulse.now()
  }

  stop(): void {
    for (const { pulse } of this.#watched.values()) pulse.stop()
    this.#watched.clear()
  }
}
