import type { RPC } from '@libp2p/gossipsub/message'
import type { PeerId } from '@libp2p/interface'
import { readAnnouncement } from './announcement.ts'
import { DISCOVERY_TOPIC, OFFENCE_MS, PASSED_ON_RATE, REPEAT_RATE } from './limits.ts'
import { Rate } from './rate.ts'

export interface GossipGuardInit {
  /** The name under which the messages of a neighbour are counted: its own, or that of its network. */
  sourceOf(neighbour: PeerId): string
  /** An announcement was dropped. */
  dropped?(): void
}

/** What is used of gossipsub 17.1.1: it gives each message of a neighbour to this method, before it looks at it. */
export interface Gossip {
  handleReceivedRpc(from: PeerId, rpc: RPC): Promise<void>
}

/** Offences after which a neighbour is not listened to. gossipsub's threshold is a score of -80, and it multiplies ours by ten. */
const MAX_OFFENCES = 8
/** Neighbours whose offences are remembered. */
const MAX_OFFENDERS = 1000

/**
 * Checks gossip before gossipsub works on it: to check a signature, to parse addresses and to pass a message on all cost more than
 * to make one up. An announcement has to be small and about the peer that signed it, and a neighbour may pass on a limited number.
 * A neighbour that sends malformed announcements loses score. After {@link MAX_OFFENCES} it is not listened to for a while.
 */
export class GossipGuard {
  readonly #passedOn = new Rate(PASSED_ON_RATE)
  readonly #repeats = new Rate(REPEAT_RATE)
  readonly #offences = new Map<string, { count: number; until: number }>()
  #init: GossipGuardInit | undefined

  /** For gossipsub, which adds ten times this to the score of a neighbour. */
  readonly score = (neighbour: string): number => {
    const offences = this.#offences.get(neighbour)
    return offences && offences.until > Date.now() ? -offences.count : 0
  }

  /** Guards the gossip of a node. */
  attach(pubsub: Gossip, init: GossipGuardInit): void {
    this.#init = init
    const receive = pubsub.handleReceivedRpc.bind(pubsub)
    pubsub.handleReceivedRpc = (from: PeerId, rpc: RPC) => {
      rpc.messages = rpc.messages.filter((message) => this.#admits(from, message))
      return receive(from, rpc)
    }
  }

  #admits(from: PeerId, message: RPC.Message): boolean {
    if (message.topic !== DISCOVERY_TOPIC || !this.#init) return false
    if (this.#isGood(from, message, this.#init)) return true
    this.#init.dropped?.()
    return false
  }

  /** The cheapest checks come first. */
  #isGood(from: PeerId, message: RPC.Message, { sourceOf }: GossipGuardInit): boolean {
    const neighbour = from.toString()
    if (this.score(neighbour) <= -MAX_OFFENCES) return false
    if (!this.#passedOn.admits(sourceOf(from))) return false
    const signer = signerOf(message)
    if (signer === undefined) this.#offended(neighbour)
    return signer !== undefined && this.#repeats.admits(`${neighbour} ${signer}`)
  }

  #offended(neighbour: string): void {
    const now = Date.now()
    const { count } = this.#offences.get(neighbour) ?? { count: 0 }
    this.#offences.delete(neighbour)
    this.#offences.set(neighbour, { count: count + 1, until: now + OFFENCE_MS })
    const [oldest] = this.#offences.keys()
    if (this.#offences.size > MAX_OFFENDERS && oldest !== undefined) this.#offences.delete(oldest)
  }
}

/** Peer id of who claims to have signed an announcement about itself; gossipsub checks the signature. Undefined: it is bad. */
function signerOf({ data, from }: RPC.Message): string | undefined {
  try {
    const { id } = readAnnouncement(data ?? new Uint8Array())
    const { bytes } = id.toMultihash()
    const same = from !== undefined && from.length === bytes.length && bytes.every((byte, i) => byte === from[i])
    return same ? id.toString() : undefined
  } catch {
    return undefined
  }
}
