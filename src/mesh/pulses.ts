import type { Connection } from '@libp2p/interface'
import { HIDDEN_PULSE_MS, PULSE_ANSWER_MS, PULSE_MS } from './limits.ts'
import { Pulse } from './pulse.ts'

/** The pulses of the connections that matter: those to relays, and those over which peers reach each other directly. */
export class Pulses {
  readonly #hidden: () => boolean
  readonly #pulses = new Map<Connection, Pulse>()

  /** @param hidden Whether this peer is a page that nobody sees: its timers are slow, and nobody waits for it. */
  constructor(hidden: () => boolean) {
    this.#hidden = hidden
  }

  get hidden(): boolean {
    return this.#hidden()
  }

  /** Watches over a connection until it is closed. @returns ends the watch */
  watch(connection: Connection): () => void {
    if (!this.#pulses.has(connection)) {
      const everyMs = (): number => (this.#hidden() ? HIDDEN_PULSE_MS : PULSE_MS)
      this.#pulses.set(connection, new Pulse({ connection, everyMs, answerMs: PULSE_ANSWER_MS }))
      connection.addEventListener('close', () => this.#pulses.delete(connection), { once: true })
    }
    return () => {
      this.#pulses.get(connection)?.stop()
      this.#pulses.delete(connection)
    }
  }

  /** Asks at once, on all connections: the page woke up, or the network changed. */
  now(): void {
    for (const pulse of this.#pulses.values()) pulse.now()
  }

  stop(): void {
    for (const pulse of this.#pulses.values()) pulse.stop()
    this.#pulses.clear()
  }
}
