import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** A peer that announced itself. */
export interface KnownPeer {
  id: PeerId
  addresses: readonly Multiaddr[]
  /** When it was last heard of, in ms since the epoch. */
  heardAt: number
}

/** Most peers that are remembered: announcements are cheap to make up. The one not heard of for longest goes first. */
const MAX_KNOWN = 1000

/** The peers of the mesh, as far as they were heard of. */
export class KnownPeers {
  readonly #peers = new Map<string, KnownPeer>()

  get size(): number {
    return this.#peers.size
  }

  get all(): readonly KnownPeer[] {
    return [...this.#peers.values()]
  }

  get(id: string): KnownPeer | undefined {
    return this.#peers.get(id)
  }

  /** @returns true if it was not known. */
  heard(id: PeerId, addresses: readonly Multiaddr[], now = Date.now()): boolean {
    const key = id.toString()
    const isNew = !this.#peers.has(key)
    // To the end: the first is the one not heard of for longest.
    this.#peers.delete(key)
    this.#peers.set(key, { id, addresses, heardAt: now })
    const [oldest] = this.#peers.keys()
    if (this.#peers.size > MAX_KNOWN && oldest !== undefined) this.#peers.delete(oldest)
    return isNew
  }

  /** Forgets who has not been heard of for so long. @returns true if there was anybody. */
  forgetOlderThan(ms: number, now = Date.now()): boolean {
    const before = this.#peers.size
    for (const [key, { heardAt }] of this.#peers) if (now - heardAt > ms) this.#peers.delete(key)
    return this.#peers.size < before
  }

  forget(id: string): void {
    this.#peers.delete(id)
  }
}
