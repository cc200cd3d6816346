import type { ConnectionInfo } from '../../mesh/presence/peer-info.ts'

/** A connection, and what it carries now. */
export interface Carried {
  readonly address: string
  readonly latencyMs: number | undefined
  /** Bytes a second in both directions; undefined until they were counted twice. */
  readonly inRate: number | undefined
  readonly outRate: number | undefined
}

interface Known extends Carried {
  readonly at: number
  readonly bytesIn: number
  readonly bytesOut: number
}

/** Makes rates of byte counts that are read again and again. */
export class LinkRates {
  #known = new Map<string, Known>()
  #last: ReadonlyMap<string, readonly Carried[]> = new Map()

  /** What each peer's connections carry, by peer id. The same map as before if nothing has changed. */
  update(connections: readonly ConnectionInfo[]): ReadonlyMap<string, readonly Carried[]> {
    const known = new Map<string, Known>()
    const byPeer = new Map<string, Carried[]>()
    for (const connection of connections) {
      const { id, peerId } = connection
      const now = rated(connection, this.#known.get(id))
      known.set(id, now)
      byPeer.set(peerId, [...(byPeer.get(peerId) ?? []), now])
    }
    this.#known = known
    if (textOf(byPeer) !== textOf(this.#last)) this.#last = byPeer
    return this.#last
  }
}

function textOf(carried: ReadonlyMap<string, readonly Carried[]>): string {
  return [...carried]
    .map(([peer, each]) =>
      [peer, ...each.map(({ address, latencyMs, inRate, outRate }) => [address, latencyMs, inRate, outRate])].join(),
    )
    .join(' ')
}

function rated({ address, latencyMs, at, bytesIn, bytesOut }: ConnectionInfo, before: Known | undefined): Known {
  const fresh = { address, latencyMs, at, bytesIn, bytesOut }
  if (!before) return { ...fresh, inRate: undefined, outRate: undefined }
  const seconds = (at - before.at) / 1000
  // Not counted again since then.
  if (seconds <= 0) return { ...before, latencyMs }
  return {
    ...fresh,
    inRate: rounded((bytesIn - before.bytesIn) / seconds),
    outRate: rounded((bytesOut - before.bytesOut) / seconds),
  }
}

/** Two digits are as many as are shown. */
function rounded(rate: number): number {
  return Number(Math.max(0, rate).toPrecision(2))
}
