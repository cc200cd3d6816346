import { shareOf } from './networks.ts'

/** Counts what each network holds, and refuses more than a limit. */
export class Quota {
  readonly #limit: number
  readonly #taken = new Map<string, number>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * Takes a place of a network.
   * @returns a function that gives the place back, idempotent; undefined if the network has all of its places
   */
  take(network: string): (() => void) | undefined {
    const taken = this.#taken.get(network) ?? 0
    if (taken >= shareOf(network, this.#limit)) return undefined
    this.#taken.set(network, taken + 1)
    let given = false
    return () => {
      if (given) return
      given = true
      const left = (this.#taken.get(network) ?? 1) - 1
      if (left > 0) this.#taken.set(network, left)
      else this.#taken.delete(network)
    }
  }
}
