import { shareOf } from './networks.ts'

/** Limits of {@link Unfinished}. */
export interface UnfinishedLimits {
  /** Of one network. */
  readonly perNetwork: number
  readonly inAll: number
}

interface Entry {
  readonly network: string
  readonly end: () => void
}

/**
 * Connections that have not proved themselves: a handshake that is not over, a request without its whole head. Past a
 * limit the oldest connection is ended; no new one is refused. An honest connection proves itself in less than a
 * second, so silent ones never keep it out, however many they are.
 */
export class Unfinished {
  readonly #limits: UnfinishedLimits
  readonly #ended: () => void
  readonly #all = new Set<Entry>()
  readonly #ofNetwork = new Map<string, Set<Entry>>()

  /** @param ended Called with each connection that was ended for another one. */
  constructor(limits: UnfinishedLimits, ended: () => void) {
    this.#limits = limits
    this.#ended = ended
  }

  /**
   * Counts a connection.
   * @returns a function to call when the connection has proved itself, or is closed. Idempotent
   */
  add(network: string, end: () => void): () => void {
    const entry: Entry = { network, end }
    this.#all.add(entry)
    const siblings = (this.#ofNetwork.get(network) ?? new Set<Entry>()).add(entry)
    this.#ofNetwork.set(network, siblings)
    if (siblings.size > shareOf(network, this.#limits.perNetwork)) this.#endFirst(siblings)
    else if (this.#all.size > this.#limits.inAll) this.#endFirst(this.#all)
    return () => this.#remove(entry)
  }

  #endFirst(entries: ReadonlySet<Entry>): void {
    const [oldest] = entries
    if (!oldest) return
    this.#remove(oldest)
    this.#ended()
    oldest.end()
  }

  #remove(entry: Entry): void {
    if (!this.#all.delete(entry)) return
    const siblings = this.#ofNetwork.get(entry.network)
    siblings?.delete(entry)
    if (siblings?.size === 0) this.#ofNetwork.delete(entry.network)
  }
}
