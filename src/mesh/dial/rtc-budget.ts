import {
  INBOUND_RTC_RATE,
  INBOUND_RTC_RATE_PER_PEER,
  MAX_INBOUND_PEER_CONNECTIONS,
  MAX_PEER_CONNECTIONS,
} from '../limits.ts'
import { Rate } from './rate.ts'

/** RTCPeerConnections that this page has made. */
export interface RtcCounts {
  own: number
  inbound: number
  /** Dials of others that were refused before anything was made for them. */
  refused: number
}

/**
 * Shares out the RTCPeerConnections that a page may make in its life. Each dial of another peer takes one, whether it
 * leads to a connection or not. So the dials of others get a part of them at a limited rate, and the rest is for this
 * peer's own dials.
 */
export class RtcBudget {
  readonly #ofPeer = new Rate(INBOUND_RTC_RATE_PER_PEER)
  readonly #ofAll = new Rate(INBOUND_RTC_RATE)
  readonly #counts = { own: 0, inbound: 0, refused: 0 }

  get counts(): RtcCounts {
    return { ...this.#counts }
  }

  /** Whether this peer may make one more. */
  get isSpent(): boolean {
    return this.#counts.own + this.#counts.inbound >= MAX_PEER_CONNECTIONS
  }

  /** Counts one that this peer is about to make, if it may. */
  takes(): boolean {
    if (this.isSpent) return false
    this.#counts.own += 1
    return true
  }

  /** Whether a dial of another peer is answered. */
  admits(peer: string): boolean {
    const { inbound } = this.#counts
    const admitted =
      inbound < MAX_INBOUND_PEER_CONNECTIONS && !this.isSpent && this.#ofPeer.admits(peer) && this.#ofAll.admits('all')
    if (admitted) this.#counts.inbound += 1
    else this.#counts.refused += 1
    return admitted
  }
}
