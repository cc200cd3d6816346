import type { SeenCall } from './call-watch.ts'
import { type Graph, remoteId } from './graph-data.ts'

/** Finds the nodes that calls pass. */
export class CallPaths {
  readonly #self: string
  readonly #ids: ReadonlySet<string>
  /** The relay over which a peer is reached, if there is no direct way. */
  readonly #relays = new Map<string, string>()

  constructor({ nodes, edges }: Graph, self: string) {
    this.#self = self
    this.#ids = new Set(nodes.map(({ id }) => id))
    const isDirect = new Set<string>()
    for (const { kind, from, to } of edges) {
      if (kind !== 'connection') continue
      if (from === self) isDirect.add(to)
      else this.#relays.set(to, from)
    }
    for (const peer of isDirect) this.#relays.delete(peer)
  }

  /** From the caller to the process; back if the end of the call was seen. Nodes that are not shown are left out. */
  of({ way, caller, host, pid, seen }: SeenCall): readonly string[] {
    const from = caller === 'browser' ? [] : this.#ids.has(caller) ? [caller, ...this.#relayOf(caller)] : []
    const to = way === 'in' ? [pid] : [...this.#relayOf(host), host, remoteId(host, pid)]
    const path = [...from, this.#self, ...to].filter((id) => this.#ids.has(id))
    return seen === 'ended' ? path.toReversed() : path
  }

  #relayOf(peer: string): string[] {
    const relay = this.#relays.get(peer)
    return relay === undefined ? [] : [relay]
  }
}
