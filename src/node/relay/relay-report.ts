import type { Logger } from '../../glia/log.ts'
import type { RelayInfo } from '../../mesh/presence/peer-info.ts'

/** Tells the operator about the relays that this one joins: each change once, not each attempt. */
export class RelayReport {
  readonly #log: Logger
  readonly #said = new Map<string, string>()

  constructor(log: Logger) {
    this.#log = log
  }

  update(relays: readonly RelayInfo[]): void {
    for (const { address, state, error } of relays) {
      if (state === 'connecting') continue
      const news = state === 'reserved' ? 'joined' : `not joined: ${error ?? 'no reason given'} It is tried again.`
      if (this.#said.get(address) === news) continue
      this.#said.set(address, news)
      const line = `The relay ${address} is ${news}`
      if (state === 'reserved') this.#log.info(line)
      else this.#log.warn(line)
    }
  }
}
