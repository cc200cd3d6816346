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
  /** Whether it is a relay of this peer's own. Anybody else may have made the peer up. */
  isOwnRelay: boolean
}

/** Most peers that are remembered. */
const MAX_KNOWN = 1000
/**
 * Most of them that only strangers told of, and that this peer has not met. If each relay keeps to this number, there
 * is room for what all relays tell.
 */
const MAX_FROM_STRANGERS = 500

interface Entry extends KnownPeer {
  source: Source
}

/** Told of changes. */
export interface KnownPeersWatcher {
  /** A peer is new, or has other addresses. */
  came(peer: KnownPeer): void
  /** A peer was forgotten. */
  left(id: string): void
}

/**
 * The peers of the mesh that were heard of. Announcements are cheap to make up. So without room, peers that were met
 * stay before those that were only heard of, and those of which a relay of this peer's own told stay before the rest.
 * Of the rest, the source that told of most loses the peer that was not heard of for longest.
 */
export class KnownPeers {
  readonly #met: () => ReadonlySet<string>
  readonly #peers = new Map<string, Entry>()
  /** Ids of called peers, the latest last. */
  readonly #called = new Set<string>()
  #watcher: KnownPeersWatcher | undefined

  /** @param met Ids of the peers that are connected, or are relays of this one. */
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

  /** The name of the source that told of a peer first. */
  sourceOf(id: string): string | undefined {
    return this.#peers.get(id)?.source.name
  }

  watch(watcher: KnownPeersWatcher): void {
    this.#watcher = watcher
  }

  /** Call it when this peer calls another. */
  called(id: string): void {
    this.#called.delete(id)
    this.#called.add(id)
    const [oldest] = this.#called
    if (this.#called.size > MAX_KNOWN && oldest !== undefined) this.#called.delete(oldest)
  }

  /** @returns true if the peer was not known, and there is room for it. */
  heard(id: PeerId, addresses: readonly Multiaddr[], source: Source, now = Date.now()): boolean {
    const key = id.toString()
    const known = this.#peers.get(key)
    // The first source stays the source: otherwise another source could have the peer forgotten by telling of it.
    const entry = { id, addresses, heardAt: now, source: known?.source ?? source }
    // Moved to the end: the first entry is then the one that was not heard of for longest.
    this.#peers.delete(key)
    this.#peers.set(key, entry)
    if (!known) this.#makeRoom(entry)
    const isHere = this.#peers.has(key)
    if (isHere && !(known && areSame(known.addresses, addresses))) this.#watcher?.came(entry)
    return !known && isHere
  }

  /** Forgets peers that were not heard of for so long. @returns true if there was one. */
  forgetOlderThan(ms: number, now = Date.now()): boolean {
    const before = this.#peers.size
    for (const [key, { heardAt }] of this.#peers) if (now - heardAt > ms) this.forget(key)
    return this.#peers.size < before
  }

  forget(id: string): void {
    if (this.#peers.delete(id)) this.#watcher?.left(id)
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
    if (oldest !== undefined) this.forget(oldest)
  }
}

function areSame(some: readonly Multiaddr[], others: readonly Multiaddr[]): boolean {
  return some.length === others.length && some.every((each, i) => others[i] && each.equals(others[i]))
}
