import type { Connection, Libp2p } from '@libp2p/interface'
import type { Logger } from '../../glia/log.ts'
import { Backoff } from '../../glia/wait/backoff.ts'
import { isDirect, isWebRtc, relayOf } from './addresses.ts'
import { closeGently } from '../libp2p/close-gently.ts'
import {
  DIRECT_KEPT_MS,
  DIRECT_SPARE_MS,
  DISCOVERED_DIRECT,
  MAX_DIRECT,
  MAX_MAKING,
  WEBRTC_ATTEMPT_MS,
} from '../limits.ts'
import { failureWords } from './failure-words.ts'
import type { RtcBudget } from './rtc-budget.ts'
import { pause } from './pause.ts'
import type { WhyRelayed } from './why-relayed.ts'

export interface DirectsInit {
  libp2p: Libp2p
  /** RTCPeerConnections that may be made. */
  rtc: RtcBudget
  log: Logger
  /** Time between a wish for a direct connection and its first dial, in ms. */
  beginAfterMs: number
  /** Calls under way over a connection. */
  callsOn(connection: Connection): number
  /** When the last call over a connection was opened, in ms since the epoch. */
  usedAt(connection: Connection): number
  /** A connection to an announced peer. Nobody called that peer, so no address that others chose is dialled. */
  reach(peer: string): Promise<Connection>
}

/** Attempts in a row: one WebRTC dial in 80 hangs, even with the patch of `init-race.ts` (@libp2p/webrtc 6.0.33). */
const ATTEMPTS = 3
/** Waits before a direct connection that failed is tried again, in ms. */
const RETRY_MS = { first: 30_000, last: 600_000 }
/** Failed peers that are remembered. Anybody can announce peers that do not exist. */
const MAX_FAILURES = 1000

/**
 * Both sides hear of each other at the same time. The side with the higher id waits this long, in ms, so that one
 * connection is made.
 */
const AFTER_YOU_MS = 4_000

interface Failure {
  backoff: Backoff
  retryAt: number
  /** What libp2p threw; undefined if nothing failed, and the connection was closed. */
  thrown: unknown
}

/**
 * Direct connections by WebRTC. They are made in the background for peers that are called over a relay, at most {@link
 * MAX_DIRECT}. Where none can be made (no UDP, a symmetric NAT, no RTCPeerConnection), calls stay on the relay.
 */
export class Directs {
  readonly #init: DirectsInit
  readonly #failures = new Map<string, Failure>()
  readonly #making = new Set<string>()
  /** Connections that are being closed. libp2p shows them as open until they are closed. */
  readonly #closing = new WeakSet<Connection>()
  #failedOnce = false
  #worked = false

  constructor(init: DirectsInit) {
    this.#init = init
  }

  /**
   * Whether no direct connection can be made here: the browser has no WebRTC, or none of the attempts has ever worked.
   */
  get impossible(): boolean {
    return !hasWebRtc() || (!this.#worked && this.#failedOnce)
  }

  /** Connects to an announced peer while there are few direct connections. Waits for nothing. */
  meet(peer: string): void {
    if (
      this.#making.size >= MAX_MAKING ||
      this.#busy >= DISCOVERED_DIRECT ||
      !this.#isWorthTrying(peer) ||
      this.#hasDirect(peer)
    )
      return
    void this.#meet(peer)
  }

  /** Makes a direct connection to a peer with a relayed one, unless that has just failed. Waits for nothing. */
  want(peer: string, relayed: Connection): void {
    if (isDirect(relayed) || !this.#isWorthTrying(peer)) return
    if (this.#making.size >= MAX_MAKING || (this.#busy >= MAX_DIRECT && !this.#closeIdle(DIRECT_KEPT_MS))) return
    void this.#make(peer, relayed)
  }

  /** Makes no direct connection to a peer for some time, because somebody disconnected it. */
  shun(peer: string): void {
    this.#failed(peer)
  }

  /** Why there is no direct connection to a peer. */
  why(peer: string): WhyRelayed {
    if (!hasWebRtc()) return { kind: 'no-webrtc-here' }
    if (this.#making.has(peer)) return { kind: 'making' }
    const failure = this.#failures.get(peer)
    if (failure) {
      const { thrown, retryAt } = failure
      return thrown === undefined ? { kind: 'closed', retryAt } : { kind: 'failed', why: failureWords(thrown), retryAt }
    }
    if (this.#init.rtc.isSpent) return { kind: 'spent' }
    return { kind: this.#busy >= MAX_DIRECT ? 'full' : 'not-tried' }
  }

  /** Call it when either side has made a connection. */
  opened(connection: Connection): void {
    if (!isWebRtc(connection)) return
    this.#worked = true
    this.#failures.delete(connection.remotePeer.toString())
    this.trim(connection)
  }

  /** Closes idle connections past the limit. Those that other peers made count too. */
  trim(except?: Connection): void {
    while (this.#connections().length > MAX_DIRECT && this.#closeIdle(DIRECT_SPARE_MS, except));
  }

  /** Direct connections that exist or are being made. */
  get #busy(): number {
    return this.#connections().length + this.#making.size
  }

  async #meet(peer: string): Promise<void> {
    this.#making.add(peer)
    try {
      if (this.#init.libp2p.peerId.toString() > peer) await pause(AFTER_YOU_MS * (0.75 + Math.random() / 2))
      const relayed = await this.#init.reach(peer)
      if (!isDirect(relayed) && !this.#hasDirect(peer)) await this.#make(peer, relayed)
    } catch (thrown) {
      this.#failed(peer, thrown)
      this.#init.log.debug(`${peer} was announced and is not reachable:`, thrown)
    } finally {
      this.#making.delete(peer)
    }
  }

  /** Whether a direct connection to the peer is possible, is not being made, and has not just failed. */
  #isWorthTrying(peer: string): boolean {
    if (!hasWebRtc() || this.#making.has(peer) || this.#init.rtc.isSpent) return false
    return (this.#failures.get(peer)?.retryAt ?? 0) <= Date.now()
  }

  async #make(peer: string, relayed: Connection): Promise<void> {
    const { libp2p, log, beginAfterMs } = this.#init
    // The signalling goes over the relayed connection.
    const address = relayOf(relayed.remoteAddr)?.encapsulate(`/p2p-circuit/webrtc/p2p/${peer}`)
    if (!address) return
    this.#making.add(peer)
    try {
      if (beginAfterMs > 0) await pause(beginAfterMs)
      if (relayed.status !== 'open' || this.#hasDirect(peer)) return
      for (let attempt = 1; ; attempt++) {
        // Several connections may be made at once, so each attempt asks.
        if (!this.#init.rtc.takes()) return
        try {
          // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
          await libp2p.dial(address, { force: true, signal: AbortSignal.timeout(WEBRTC_ATTEMPT_MS) })
          return
        } catch (thrown) {
          const isOver = attempt === ATTEMPTS || relayed.status !== 'open' || this.#hasDirect(peer)
          log.debug(`no direct connection to ${peer} (attempt ${attempt}):`, thrown)
          if (!isOver) continue
          if (!this.#hasDirect(peer)) {
            this.#failedOnce = true
            this.#failed(peer, thrown)
          }
          return
        }
      }
    } finally {
      this.#making.delete(peer)
    }
  }

  #failed(peer: string, thrown?: unknown): void {
    const backoff = this.#failures.get(peer)?.backoff ?? new Backoff(RETRY_MS)
    // Moved to the end: the first one failed longest ago.
    this.#failures.delete(peer)
    this.#failures.set(peer, { backoff, retryAt: Date.now() + backoff.next(), thrown })
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > MAX_FAILURES && oldest !== undefined) this.#failures.delete(oldest)
  }

  #hasDirect(peer: string): boolean {
    return this.#connections().some(({ remotePeer }) => remotePeer.toString() === peer)
  }

  #connections(): Connection[] {
    return this.#init.libp2p
      .getConnections()
      .filter((connection) => connection.status === 'open' && !this.#closing.has(connection) && isWebRtc(connection))
  }

  /**
   * Closes the connection that had no call for longest, if that is at least so long. @returns false if there is none.
   */
  #closeIdle(ms: number, except?: Connection): boolean {
    const lastUse = (connection: Connection): number =>
      Math.max(connection.timeline.open, this.#init.usedAt(connection))
    const idle = this.#connections()
      .filter((connection) => connection !== except && this.#init.callsOn(connection) === 0)
      .filter((connection) => Date.now() - lastUse(connection) > ms)
      .sort((a, b) => lastUse(a) - lastUse(b))[0]
    if (!idle) return false
    this.#closing.add(idle)
    this.#failed(idle.remotePeer.toString())
    closeGently(idle)
    return true
  }
}

function hasWebRtc(): boolean {
  return 'RTCPeerConnection' in globalThis
}
