import type { RPC } from '@libp2p/gossipsub/message'
import type { PeerId } from '@libp2p/interface'
import { readAnnouncement } from './announcement.ts'
import type { Source } from './known-peers.ts'
import {
  DISCOVERY_TOPIC,
  FRESH_OF_RELAYS_RATE,
  FRESH_OF_STRANGERS_RATE,
  FRESH_RATE,
  FRESH_SELF_RATE,
  OFFENCE_MS,
  PASSED_ON_BY_RELAYS_RATE,
  PASSED_ON_RATE,
  REPEAT_RATE,
} from '../limits.ts'
import { Rate } from '../dial/rate.ts'
import { filterGossip, type Gossip } from '../patches/gossip-filter.ts'

export interface GossipGuardInit {
  /** The name under which a neighbour is counted: a relay of this peer's own, its network, or itself. */
  sourceOf(neighbour: PeerId): Source
  /** Whether a peer has announced itself before. */
  isKnown(peer: string): boolean
  /** Called when an announcement was dropped. */
  dropped?(): void
}

/**
 * Offences after which a neighbour is not listened to. gossipsub's threshold is a score of -80, and it multiplies our
 * score by ten.
 */
const MAX_OFFENCES = 8
/** Neighbours whose offences are remembered. */
const MAX_OFFENDERS = 1000
const ALL = 'all'

/**
 * Checks gossip before gossipsub works on it. Checking a signature, parsing addresses and passing a message on each
 * cost more than making a message up. An announcement has to be small and about the peer that signed it. A neighbour
 * that sends malformed announcements loses score. After {@link MAX_OFFENCES} it is not listened to for a while.
 *
 * Each source has a share. Peer ids cost nothing, so a share is counted for a network if that is known. What a
 * neighbour says of itself does not count with what it passes on. Peers that nobody has heard of have the smallest
 * share, and known peers are not held up by them.
 */
export class GossipGuard {
  readonly #passedOn = new Rate(PASSED_ON_RATE)
  readonly #passedOnByRelays = new Rate(PASSED_ON_BY_RELAYS_RATE)
  readonly #ofThemselves = new Rate(PASSED_ON_RATE)
  readonly #repeats = new Rate(REPEAT_RATE)
  readonly #freshSelf = new Rate(FRESH_SELF_RATE)
  readonly #fresh = new Rate(FRESH_RATE)
  readonly #freshOfStrangers = new Rate(FRESH_OF_STRANGERS_RATE)
  readonly #freshOfRelays = new Rate(FRESH_OF_RELAYS_RATE)
  readonly #offences = new Map<string, { count: number; until: number }>()
  #init: GossipGuardInit | undefined

  /** For gossipsub, which adds ten times this number to the score of a neighbour. */
  readonly score = (neighbour: string): number => {
    const offences = this.#offences.get(neighbour)
    return offences && offences.until > Date.now() ? -offences.count : 0
  }

  /** Guards the gossip of a node. */
  attach(pubsub: Gossip, init: GossipGuardInit): void {
    this.#init = init
    filterGossip(pubsub, (from, message) => this.#admits(from, message))
  }

  #admits(from: PeerId, message: RPC.Message): boolean {
    if (message.topic !== DISCOVERY_TOPIC || !this.#init) return false
    if (this.#isGood(from, message, this.#init)) return true
    this.#init.dropped?.()
    return false
  }

  /** The cheapest checks come first. */
  #isGood(from: PeerId, message: RPC.Message, { sourceOf, isKnown }: GossipGuardInit): boolean {
    const neighbour = from.toString()
    if (this.score(neighbour) <= -MAX_OFFENCES) return false
    const isOwn = isFrom(from, message)
    const source = sourceOf(from)
    if (!isOwn && !this.#passesOn(source)) return false
    if (isOwn && !(this.#repeats.admits(neighbour) && this.#ofThemselves.admits(source.name))) return false
    const signer = signerOf(message)
    if (signer === undefined) {
      this.#offended(neighbour)
      return false
    }
    if (!isOwn && !this.#repeats.admits(`${neighbour} ${signer}`)) return false
    return isKnown(signer) || (isOwn ? this.#freshSelf.admits(source.name) : this.#admitsFresh(source))
  }

  #passesOn({ name, isOwnRelay }: Source): boolean {
    return isOwnRelay ? this.#passedOnByRelays.admits(name) : this.#passedOn.admits(name)
  }

  /**
   * In a page each neighbour is a source of its own, and ids cost nothing. So neighbours that are no relays also share
   * one limit.
   */
  #admitsFresh({ name, isOwnRelay }: Source): boolean {
    if (isOwnRelay) return this.#freshOfRelays.admits(name)
    return this.#fresh.admits(name) && this.#freshOfStrangers.admits(ALL)
  }

  #offended(neighbour: string): void {
    const count = 1 - this.score(neighbour)
    this.#offences.delete(neighbour)
    this.#offences.set(neighbour, { count, until: Date.now() + OFFENCE_MS })
    const [oldest] = this.#offences.keys()
    if (this.#offences.size > MAX_OFFENDERS && oldest !== undefined) this.#offences.delete(oldest)
  }
}

/**
 * Peer id of the peer that claims to have signed an announcement about itself. gossipsub checks the signature.
 * Undefined if the message is bad.
 */
function signerOf(message: RPC.Message): string | undefined {
  try {
    const { id } = readAnnouncement(message.data ?? new Uint8Array())
    return isFrom(id, message) ? id.toString() : undefined
  } catch {
    return undefined
  }
}

/** Whether a message claims to come from a peer. */
function isFrom(peer: PeerId, { from }: RPC.Message): boolean {
  const { bytes } = peer.toMultihash()
  return from !== undefined && from.length === bytes.length && bytes.every((byte, i) => byte === from[i])
}
