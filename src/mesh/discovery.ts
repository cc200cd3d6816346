import type { PeerInfo, Startable, TypedEventTarget } from '@libp2p/interface'
import { type PubSubPeerDiscoveryComponents, pubsubPeerDiscovery } from '@libp2p/pubsub-peer-discovery'
import { DISCOVERY_TOPIC } from './limits.ts'
import type { KnownPeers } from './known-peers.ts'

/** Shortest time between two announcements of a peer, in ms. */
const FIRST_MS = 2_000
const LONGEST_MS = 60_000
/** The interval grows by the first one for every so many peers: the mesh carries about five announcements a second, however large. */
const PEERS_PER_STEP = 10
/** Peers up to which a newcomer is answered at once. */
const SMALL = 4
/** A peer that was not heard of for so many intervals, and so long at least, is gone. A busy or hidden tab announces itself late. */
const MISSED = 3
const LATE_MS = 60_000
/** `setInterval`'s longest. */
const NEVER_MS = 2 ** 31 - 1

export interface DiscoveryInit {
  components: PubSubPeerDiscoveryComponents
  known: KnownPeers
  heard(peer: PeerInfo, isNew: boolean): void
  /** Somebody is not known any more. */
  forgot(): void
}

/** What is used of PubSubPeerDiscovery, whose types name neither its lifecycle nor its one verb. */
type Announcer = TypedEventTarget<{ peer: CustomEvent<PeerInfo> }> & Startable & { _broadcast(): void }

/**
 * Peers announce themselves by gossip on a topic of Glia's own. The library does the messages; the interval, which it keeps
 * fixed, is kept here and grows with the mesh.
 */
export class Discovery {
  readonly #init: DiscoveryInit
  readonly #announcer: Announcer
  #timer: ReturnType<typeof setTimeout> | undefined
  #lastAnnounced = 0
  #stopped = false

  constructor(init: DiscoveryInit) {
    this.#init = init
    this.#announcer = pubsubPeerDiscovery({ interval: NEVER_MS, topics: [DISCOVERY_TOPIC] })(
      init.components,
    ) as unknown as Announcer
    this.#announcer.addEventListener('peer', ({ detail }) => this.#heard(detail))
  }

  async start(): Promise<void> {
    await this.#announcer.start?.()
    await this.#announcer.afterStart?.()
    this.#schedule(FIRST_MS)
  }

  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#announcer.beforeStop?.()
    await this.#announcer.stop?.()
  }

  /** Announces this peer soon: its addresses changed, or somebody came who does not know it. */
  soon(): void {
    const sinceMs = Date.now() - this.#lastAnnounced
    this.#schedule(Math.max(200, FIRST_MS - sinceMs))
  }

  get #intervalMs(): number {
    return Math.min(FIRST_MS * (1 + this.#init.known.size / PEERS_PER_STEP), LONGEST_MS)
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#stopped) return
    // Spread out, or all who heard of the same newcomer would answer at once.
    this.#timer = setTimeout(() => this.#announce(), ms * (0.75 + Math.random() / 2))
  }

  #announce(): void {
    this.#lastAnnounced = Date.now()
    this.#announcer._broadcast()
    if (this.#init.known.forgetOlderThan(Math.max(this.#intervalMs * MISSED, LATE_MS))) this.#init.forgot()
    this.#schedule(this.#intervalMs)
  }

  #heard(peer: PeerInfo): void {
    const isNew = this.#init.known.heard(peer.id, peer.multiaddrs)
    this.#init.heard(peer, isNew)
    // A newcomer learns of everybody within an interval. In a small mesh it need not wait; in a large one all would answer at once.
    if (isNew && this.#init.known.size <= SMALL) this.soon()
  }
}
