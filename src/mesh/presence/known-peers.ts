import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** A peer that announced itself. */
export interface KnownPeer {
  id: PeerId
  addresses: readonly Multiaddr[]
  /** When it was last heard of, in ms since the epoch. */
  heardAt: number
}

/** Who told of a peer. */
export interface Source {
  /** The network or the peer that passed the announcement on. */
  name: string
  /** It is a relay that this peer uses. Anybody else may have made the peer up. */
  isOwnRelay: boolean
}

/** Most peers that are remembered. */
const MAX_KNOWN = 1000
/** Most of them that strangers told of and nobody here has met. Where each relay keeps to this, all that come through it have room. */
const MAX_FROM_STRANGERS = 500

interface Entry extends KnownPeer {
  source: Source
}

/**
 * The peers of the mesh, as far as they were heard of. Announcements are cheap to make up. So when there is no more room, whoever was
 * met is kept before those who were only heard of, and those of whom a relay of this peer's own told before the rest. Of these the source
 * that has told of most loses the peer that was not heard of for longest.
 */
export class KnownPeers {
  readonly #met: () => ReadonlySet<string>
  readonly #peers = new Map<string, Entry>()
  /** Ids of peers that this one called, the latest last. */
  readonly #called = new Set<string>()

  /** @param met Ids of the peers that this one is connected to, or uses as relays. */
  constructor(met: () => ReadonlySet<string> = () => new Set()) {
    this.#met = met
  }

  get size(): number {
    return this.#peers.size
  }

  get all(): readonly KnownPeer[] {
    return [...this.#peers.values()]
  }

  get(id: string): KnownPeer | undefined {
    return this.#peers.get(id)
  }

  /** This peer calls another. */
  called(id: string): void {
    this.#called.delete(id)
    this.#called.add(id)
    const [oldest] = this.#called
    if (this.#called.size > MAX_KNOWN && oldest !== undefined) this.#called.delete(oldest)
  }

  /** @returns true if it was not known, and there is room for it. */
  heard(id: PeerId, addresses: readonly Multiaddr[], source: Source, now = Date.now()): boolean {
    const key = id.toString()
    const known = this.#peers.get(key)
    // Who told of it first stays its source: another could have it forgotten by telling of it.
    const entry = { id, addresses, heardAt: now, source: known?.source ?? source }
    // To the end: the first is the one not heard of for longest.
    this.#peers.delete(key)
    this.#peers.set(key, entry)
    if (!known) this.#makeRoom(entry)
    return !known && this.#peers.has(key)
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

  #makeRoom({ source }: Entry): void {
    const isFull = this.#peers.size > MAX_KNOWN
    if (!isFull && (source.isOwnRelay || this.#peers.size <= MAX_FROM_STRANGERS)) return
    const met = this.#met()
    const heardOf = [...this.#peers].filter(([key]) => !this.#called.has(key) && !met.has(key))
    const fromStrangers = heardOf.filter(([, entry]) => !entry.source.isOwnRelay)
    if (fromStrangers.length > (isFull ? 0 : MAX_FROM_STRANGERS)) this.#forgetOneOf(fromStrangers)
    else if (isFull) this.#forgetOneOf(heardOf.length > 0 ? heardOf : [...this.#peers])
  }

  #forgetOneOf(entries: readonly (readonly [string, Entry])[]): void {
    const counts = new Map<string, number>()
    for (const [, { source }] of entries) counts.set(source.name, (counts.get(source.name) ?? 0) + 1)
    const most = Math.max(...counts.values())
    const [oldest] = entries.find(([, { source }]) => counts.get(source.name) === most) ?? []
    if (oldest !== undefined) this.#peers.delete(oldest)
  }
}
