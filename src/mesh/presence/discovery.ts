import { publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { GossipSub, GossipsubMessage } from '@libp2p/gossipsub'
import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Logger } from '../../glia/log.ts'
import { readAnnouncement, writeAnnouncement } from './announcement.ts'
import { DISCOVERY_TOPIC, ROSTER_GOSSIP_MS } from '../limits.ts'
import type { KnownPeers, Source } from './known-peers.ts'

/** Shortest time between two announcements of a peer, in ms. */
const FIRST_MS = 2_000
const LONGEST_MS = 60_000
/**
 * The interval grows by the first one for every so many peers. So the mesh carries about five announcements a second,
 * however large it is.
 */
const PEERS_PER_STEP = 10
/** Up to so many peers a newcomer is answered at once. */
const SMALL = 4
/**
 * A peer that was not heard of for so many intervals, and for at least so long, is gone. A busy or hidden tab announces
 * itself late.
 */
const MISSED = 3
const LATE_MS = 60_000

export interface DiscoveryInit {
  self: PeerId
  log: Logger
  pubsub: GossipSub
  /** Addresses of this peer. */
  addresses(): readonly Multiaddr[]
  known: KnownPeers
  /** The name under which a neighbour is counted. */
  sourceOf(neighbour: PeerId): Source
  heard(peer: string, isNew: boolean): void
  /** Number of peers in the mesh, as far as this peer knows. */
  size(): number
  /** Whether announcements have to come by gossip. If not, this peer's relays tell of the others. */
  listens(): boolean
  /** Whether a peer has announced itself at this relay's roster, so that its gossip tells nothing new. */
  isOnRoster(peer: string): boolean
  /** Called when a peer was forgotten. */
  forgot(): void
}

/**
 * Announcements by gossip, on a topic of Glia's own. Each peer announces itself only; {@link GossipGuard} checks that.
 * The interval grows with the mesh. Relays listen, and peers of which a neighbour has no roster. Nobody else subscribes
 * to the topic: gossip takes each announcement to every subscriber, so the bytes grow with the square of their number.
 */
export class Discovery {
  readonly #init: DiscoveryInit
  readonly #onMessage = ({ detail }: CustomEvent<GossipsubMessage>): void => this.#heard(detail)
  #timer: ReturnType<typeof setTimeout> | undefined
  #lastAnnounced = 0
  #stopped = false

  constructor(init: DiscoveryInit) {
    this.#init = init
  }

  start(): void {
    const { pubsub } = this.#init
    pubsub.addEventListener('gossipsub:message', this.#onMessage)
    this.look()
    this.#schedule(FIRST_MS)
  }

  /** Begins or ends listening. Call it when a neighbour has said what it speaks, and now and then. */
  look(): void {
    if (this.#stopped) return
    const { pubsub, listens } = this.#init
    const isListening = pubsub.getTopics().includes(DISCOVERY_TOPIC)
    if (listens() === isListening) return
    if (isListening) pubsub.unsubscribe(DISCOVERY_TOPIC)
    else pubsub.subscribe(DISCOVERY_TOPIC)
  }

  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    clearTimeout(this.#timer)
    const { pubsub } = this.#init
    pubsub.removeEventListener('gossipsub:message', this.#onMessage)
    if (pubsub.getTopics().includes(DISCOVERY_TOPIC)) pubsub.unsubscribe(DISCOVERY_TOPIC)
  }

  /** Announces this peer soon, because its addresses changed or a peer came that does not know it. */
  soon(): void {
    const sinceMs = Date.now() - this.#lastAnnounced
    this.#schedule(Math.max(200, FIRST_MS - sinceMs))
  }

  get #intervalMs(): number {
    const ms = Math.min(FIRST_MS * (1 + this.#init.size() / PEERS_PER_STEP), LONGEST_MS)
    return this.#init.listens() ? ms : Math.max(ms, ROSTER_GOSSIP_MS)
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#stopped) return
    // At a random time, or all who heard of the same newcomer would answer at once.
    this.#timer = setTimeout(() => this.#announce(), ms * (0.75 + Math.random() / 2))
  }

  #announce(): void {
    this.#lastAnnounced = Date.now()
    const { self, pubsub, addresses, known, forgot } = this.#init
    if (self.publicKey && pubsub.getSubscribers(DISCOVERY_TOPIC).length > 0) {
      const announcement = writeAnnouncement(publicKeyToProtobuf(self.publicKey), addresses())
      // Neighbours that are just leaving do not get it. The next announcement comes soon.
      pubsub
        .publish(DISCOVERY_TOPIC, announcement)
        .catch((thrown: unknown) => this.#init.log.debug('announcement:', thrown))
    }
    if (known.forgetOlderThan(Math.max(this.#intervalMs * MISSED, LATE_MS))) forgot()
    this.#schedule(this.#intervalMs)
  }

  #heard({ msg, propagationSource }: GossipsubMessage): void {
    const { self, known, heard, sourceOf, isOnRoster } = this.#init
    // gossipsub also delivers what this peer publishes.
    if (msg.topic !== DISCOVERY_TOPIC || propagationSource.equals(self)) return
    const { id, addresses } = readAnnouncement(msg.data)
    if (id.equals(self) || isOnRoster(id.toString())) return
    const isNew = known.heard(id, addresses, sourceOf(propagationSource))
    heard(id.toString(), isNew)
    // A newcomer learns of everybody within one interval. In a small mesh it need not wait; in a large one all would
    // answer at once.
    if (isNew && known.size <= SMALL) this.soon()
  }
}
