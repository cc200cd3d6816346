import type { Connection, Libp2p } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { GliaError } from '../glia/errors.ts'
import { dialWords, failureOf } from './failure-words.ts'
import { isDirect, isWebRtcAddress, peerOf, withPeer } from './addresses.ts'
import {
  DIAL_ATTEMPT_MS,
  DIAL_DEADLINE_MS,
  LOOKUP_MS,
  MAX_DIALS,
  NEWCOMER_ROUND_MS,
  SHARED_RELAY_ATTEMPT_MS,
} from './limits.ts'
import { orAborted } from '../glia/or-aborted.ts'
import { pause } from './pause.ts'
import { Turns } from './turns.ts'

export interface ReachInit {
  libp2p: Libp2p
  /** Addresses of the relays that this peer is connected to; waits while the first is being reached. */
  relays(signal: AbortSignal): Promise<readonly Multiaddr[]>
  /** Addresses under which a peer announced itself. */
  announced(peer: string): readonly Multiaddr[]
  /** Whether this peer has joined the mesh only now, and may find others that it cannot find yet. */
  isNew(): boolean
}

/** What was tried, for the error that says so. */
type Tried = string[]

interface Way {
  addresses: readonly Multiaddr[]
  /** Longest time for one of them, in ms. */
  ms: number
}

/**
 * Ways to a peer, best first: a direct connection that is there, a relayed one, and else the relays this peer shares with it
 * (no lookup needed), the addresses it announced, and what the routing finds. A WebRTC connection is never waited for: see
 * {@link Directs}.
 */
export class Reach {
  readonly #init: ReachInit
  readonly #dials = new Map<string, Promise<Connection>>()
  readonly #turns = new Turns(MAX_DIALS)

  constructor(init: ReachInit) {
    this.#init = init
  }

  /** The best connection that is there. */
  existing(peer: string): Connection | undefined {
    const open = this.#init.libp2p.getConnections(peerIdFromString(peer)).filter(({ status }) => status === 'open')
    return open.find(isDirect) ?? open[0]
  }

  /** @throws {GliaError} ERR_UNREACHABLE naming what was tried, within the dial deadline. */
  async connection(peer: string, signal: AbortSignal): Promise<Connection> {
    const existing = this.existing(peer)
    if (existing) return existing
    // Those who want the same peer wait together; one who gives up takes nothing from the others.
    const dial = this.#dials.get(peer) ?? this.#dial(peer)
    return orAborted(dial, signal)
  }

  #dial(peer: string): Promise<Connection> {
    const dial = this.#reach(peer).finally(() => this.#dials.delete(peer))
    dial.catch(() => undefined) // told to those who wait
    this.#dials.set(peer, dial)
    return dial
  }

  async #reach(peer: string): Promise<Connection> {
    let deadline: AbortSignal | undefined
    let tried: Tried = []
    try {
      for (;;) {
        tried = []
        // oxlint-disable-next-line no-await-in-loop -- once, but for a newcomer
        const connection = await this.#turns.run(async () => {
          deadline ??= AbortSignal.timeout(DIAL_DEADLINE_MS)
          return this.existing(peer) ?? this.#tryAll(peer, tried, deadline)
        })
        if (connection) return connection
        if (!this.#init.isNew()) break
        // The relays, and those who joined at the same time, become known to one another within seconds.
        // oxlint-disable-next-line no-await-in-loop
        await pause(NEWCOMER_ROUND_MS)
      }
    } catch (cause) {
      if (!deadline?.aborted) throw cause
      tried.push(`no way to it within ${DIAL_DEADLINE_MS / 1000} s`)
    }
    throw new GliaError(
      'ERR_UNREACHABLE',
      `${peer} could not be reached: ${tried.join('; ') || 'there is no relay to ask'}.`,
    )
  }

  async #tryAll(peer: string, tried: Tried, deadline: AbortSignal): Promise<Connection | undefined> {
    const done = new Set<string>()
    for await (const { addresses, ms } of this.#ways(peer, tried, deadline)) {
      for (const address of addresses) {
        const text = address.toString()
        // What others say of a peer must not lead to somebody else.
        if (done.has(text) || peerOf(address) !== peer) continue
        done.add(text)
        // oxlint-disable-next-line no-await-in-loop -- the next way is for when this one fails
        const connection = await this.#try(address, tried, AbortSignal.any([deadline, AbortSignal.timeout(ms)]))
        if (connection) return connection
        // It may have called meanwhile.
        const existing = this.existing(peer)
        if (existing) return existing
        if (deadline.aborted) throw deadline.reason
      }
    }
    return undefined
  }

  async *#ways(peer: string, tried: Tried, deadline: AbortSignal): AsyncGenerator<Way> {
    const relays = await orAborted(this.#init.relays(deadline), deadline)
    const shared = relays.map((relay) => relay.encapsulate(`/p2p-circuit/p2p/${peer}`))
    yield { addresses: shared, ms: SHARED_RELAY_ATTEMPT_MS }
    const announced = this.#init
      .announced(peer)
      .map((address) => withPeer(address, peer))
      .filter((address) => !isWebRtcAddress(address))
    yield { addresses: announced, ms: DIAL_ATTEMPT_MS }
    yield { addresses: await this.#lookUp(peer, tried, deadline), ms: DIAL_ATTEMPT_MS }
  }

  async #lookUp(peer: string, tried: Tried, deadline: AbortSignal): Promise<readonly Multiaddr[]> {
    try {
      const id = peerIdFromString(peer)
      const limit = AbortSignal.any([deadline, AbortSignal.timeout(LOOKUP_MS)])
      const found = await orAborted(this.#init.libp2p.peerRouting.findPeer(id, { signal: limit }), limit)
      if (found.multiaddrs.length === 0) throw new Error('no addresses')
      return found.multiaddrs.map((address) => withPeer(address, peer)).filter((address) => !isWebRtcAddress(address))
    } catch (thrown) {
      if (deadline.aborted) throw thrown
      tried.push('no peer asked knows where it is')
      return []
    }
  }

  async #try(address: Multiaddr, tried: Tried, signal: AbortSignal): Promise<Connection | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- the second attempt is for when the first fails
        return await orAborted(this.#init.libp2p.dial(address, { signal }), signal)
      } catch (thrown) {
        // The relay passed it on over a connection that was dead, and knows now: the peer may have a newer one.
        if (attempt === 1 && !signal.aborted && wasNotPassed(thrown)) continue
        tried.push(dialWords(address, thrown, signal, (relay) => this.existing(relay) !== undefined))
        return undefined
      }
    }
  }
}

function wasNotPassed(thrown: unknown): boolean {
  const failure = failureOf(thrown)
  return failure === 'not-passed' || failure === 'bad-answer'
}
