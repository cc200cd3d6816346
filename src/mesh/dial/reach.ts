import type { Connection, Libp2p, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { GliaError } from '../../glia/errors.ts'
import { dialWords, failureOf } from './failure-words.ts'
import { isDirect, isWebRtcAddress, openConnections, peerAt, peerIdOf, peerOf, relayOf, withPeer } from './addresses.ts'
import type { CircuitLimits } from './circuit-limits.ts'
import {
  DIAL_ATTEMPT_MS,
  DIAL_DEADLINE_MS,
  LOOKUP_MS,
  MAX_DIALS,
  MAX_LIMITED_CIRCUITS,
  MAX_LEASE_DIALS,
  NEWCOMER_ROUND_MS,
  SHARED_RELAY_ATTEMPT_MS,
} from '../limits.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import { pause } from './pause.ts'
import { Semaphore } from '../../glia/wait/semaphore.ts'

export interface ReachInit {
  libp2p: Libp2p
  /** Addresses of the connected relays. Waits while the first one is being connected. */
  relays(signal: AbortSignal): Promise<readonly Multiaddr[]>
  limits: CircuitLimits
  /** Addresses that a peer announced. A relay may have to be asked. */
  announced(peer: string): Promise<readonly Multiaddr[]>
  /** Where others say that a peer is, answer by answer. Throws if nobody knows it. */
  lookUp(peer: PeerId, signal: AbortSignal): AsyncIterable<readonly Multiaddr[]>
  /** Whether this peer cannot know where an address leads. */
  isUnknown(address: Multiaddr): boolean
  /** Whether this peer has joined the mesh just now, and may soon find peers that it cannot find yet. */
  isNew(): boolean
}

/** The ways that were tried, for the error that names them. */
type Tried = string[]

interface Attempt {
  tried: Tried
  deadline: AbortSignal
  /** Whether another circuit is wanted because the existing one has no room. */
  anew: boolean
}

type Try = Pick<Attempt, 'tried' | 'anew'> & { signal: AbortSignal }

/** A connection that one call may use until it is over. */
export interface ConnectionLease {
  connection: Connection
  /** Call it when the call is over. */
  release(): void
}

interface Way {
  addresses: readonly Multiaddr[]
  /** Longest time for one address, in ms. */
  ms: number
}

/**
 * Ways to a peer, best first: an existing direct connection, a relayed one, the relays that both have joined (no lookup
 * needed), the addresses that the peer announced, and those that routing finds. A WebRTC connection is never waited
 * for: see {@link Directs}.
 */
export class Reach {
  readonly #init: ReachInit
  readonly #dials = new Map<string, Promise<Connection>>()
  readonly #running = new Semaphore(MAX_DIALS)

  constructor(init: ReachInit) {
    this.#init = init
  }

  /** The best existing connection. */
  existing(peer: string): Connection | undefined {
    const open = this.#open(peer)
    return open.find(isDirect) ?? open.find((connection) => !this.#init.limits.bounds(connection)) ?? open.at(-1)
  }

  /** @throws {GliaError} ERR_UNREACHABLE that names what was tried, within the dial deadline. */
  async connection(peer: string, signal: AbortSignal): Promise<Connection> {
    return this.existing(peer) ?? orAborted(this.#dial(peer, false), signal)
  }

  /**
   * A connection over a connected relay. It dials no address that others announced.
   * @throws {GliaError} ERR_UNREACHABLE
   */
  async overRelays(peer: string, signal: AbortSignal): Promise<Connection> {
    const tried: Tried = []
    for (const relay of await orAborted(this.#init.relays(signal), signal)) {
      const address = relay.encapsulate(`/p2p-circuit/p2p/${peer}`)
      // oxlint-disable-next-line no-await-in-loop -- the next relay is for when this one does not have it
      const connection = this.existing(peer) ?? (await this.#try(address, { tried, signal, anew: false }))
      if (connection) return connection
    }
    throw unreachable(peer, tried)
  }

  /**
   * A connection for one call: one that has room for it, where its relay bounds what it carries.
   * @throws {GliaError} ERR_UNREACHABLE naming what was tried, within the dial deadline.
   */
  async lease(peer: string, signal: AbortSignal, messageBytes: number | undefined): Promise<ConnectionLease> {
    const { limits } = this.#init
    for (let dials = 0; ;) {
      const open = this.#open(peer)
      const best = this.existing(peer)
      const found =
        best && (limits.fits(best, messageBytes) ? best : open.find((each) => limits.fits(each, messageBytes)))
      // Taken in the same turn in which it was found: others look for one too.
      if (found) return { connection: found, release: limits.promise(found, messageBytes) }
      limits.leave(open)
      if (open.length < MAX_LIMITED_CIRCUITS) {
        if (++dials > MAX_LEASE_DIALS) throw new GliaError('ERR_UNREACHABLE', `${peer} closes each connection at once.`)
        // oxlint-disable-next-line no-await-in-loop -- others may take the room of the new one
        await orAborted(this.#dial(peer, open.length > 0), signal)
      } else {
        // oxlint-disable-next-line no-await-in-loop -- until a call is over
        await orAborted(limits.change(), signal)
      }
    }
  }

  #open(peer: string): Connection[] {
    return openConnections(this.#init.libp2p, peer)
  }

  /** @param anew Makes another circuit although one exists, because that has no room. */
  #dial(peer: string, anew: boolean): Promise<Connection> {
    // All calls for the same peer wait together. One that gives up does not disturb the others.
    const key = anew ? `${peer} anew` : peer
    const known = this.#dials.get(key)
    if (known) return known
    const dial = this.#reach(peer, anew).finally(() => this.#dials.delete(key))
    dial.catch(() => undefined) // Those who wait get the error.
    this.#dials.set(key, dial)
    return dial
  }

  async #reach(peer: string, anew: boolean): Promise<Connection> {
    let deadline: AbortSignal | undefined
    let tried: Tried = []
    try {
      for (;;) {
        tried = []
        // oxlint-disable-next-line no-await-in-loop -- once, but for a newcomer
        const connection = await this.#running.run(async () => {
          deadline ??= AbortSignal.timeout(DIAL_DEADLINE_MS)
          return this.#better(peer, anew) ?? this.#tryAll(peer, { tried, deadline, anew })
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
    throw unreachable(peer, tried)
  }

  async #tryAll(peer: string, { tried, deadline, anew }: Attempt): Promise<Connection | undefined> {
    const done = new Set<string>()
    for await (const { addresses, ms } of this.#ways(peer, tried, deadline)) {
      for (const address of addresses) {
        const text = address.toString()
        // An address that others announced for a peer must not lead to another peer.
        if (done.has(text) || peerOf(address) !== peer) continue
        done.add(text)
        // oxlint-disable-next-line no-await-in-loop -- the next way is for when this one fails
        const connection = await this.#try(address, {
          tried,
          anew,
          signal: AbortSignal.any([deadline, AbortSignal.timeout(ms)]),
        })
        if (connection) return connection
        // The peer may have connected meanwhile.
        const existing = this.#better(peer, anew)
        if (existing) return existing
        if (deadline.aborted) throw deadline.reason
      }
    }
    return undefined
  }

  /** A connection that makes a dial unnecessary. */
  #better(peer: string, anew: boolean): Connection | undefined {
    return anew ? this.#open(peer).find((connection) => !this.#init.limits.bounds(connection)) : this.existing(peer)
  }

  async *#ways(peer: string, tried: Tried, deadline: AbortSignal): AsyncGenerator<Way> {
    const relays = await orAborted(this.#init.relays(deadline), deadline)
    const shared = relays.map((relay) => relay.encapsulate(`/p2p-circuit/p2p/${peer}`))
    yield { addresses: shared, ms: SHARED_RELAY_ATTEMPT_MS }
    const announced = (await orAborted(this.#init.announced(peer), deadline))
      .map((address) => withPeer(address, peer))
      .filter((address) => !isWebRtcAddress(address))
    yield { addresses: announced, ms: DIAL_ATTEMPT_MS }
    for await (const addresses of this.#lookUp(peer, tried, deadline)) yield { addresses, ms: DIAL_ATTEMPT_MS }
  }

  /** Answer by answer: the next one counts when the addresses of the one before do not lead there any more. */
  async *#lookUp(peer: string, tried: Tried, deadline: AbortSignal): AsyncGenerator<readonly Multiaddr[]> {
    const limit = AbortSignal.any([deadline, AbortSignal.timeout(LOOKUP_MS)])
    const answers = this.#init.lookUp(peerIdOf(peer), limit)[Symbol.asyncIterator]()
    let isKnown = false
    try {
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- one answer after the other
        const answer = await orAborted(answers.next(), limit)
        if (answer.done) break
        const addresses = answer.value.map((address) => withPeer(address, peer))
        isKnown ||= addresses.length > 0
        yield addresses.filter((address) => !isWebRtcAddress(address))
      }
    } catch (thrown) {
      if (deadline.aborted) throw thrown
    } finally {
      // A lookup that waits for a server does not hear of this before the server has answered.
      void answers.return?.()
    }
    if (!isKnown) tried.push('no peer asked knows where it is')
  }

  /**
   * Whether the time of a failure would tell a stranger what is at a port of this peer's network: the stranger's next
   * address would be dialled soon after a closed port, and late after a silent one.
   */
  #tellsOfItsPort(address: Multiaddr, thrown: unknown): boolean {
    const peer = peerAt(address)
    const isConnected = peer !== undefined && this.existing(peer) !== undefined
    return this.#init.isUnknown(address) && !isConnected && !wasNotDialled(thrown)
  }

  #leadsOverThisPeer(address: Multiaddr): boolean {
    const relay = relayOf(address)
    return relay !== undefined && peerOf(relay) === this.#init.libp2p.peerId.toString()
  }

  async #try(address: Multiaddr, { tried, signal, anew }: Try): Promise<Connection | undefined> {
    if (this.#leadsOverThisPeer(address)) {
      // Whoever is joined to it has a connection.
      if (!tried.includes(NOT_JOINED)) tried.push(NOT_JOINED)
      return undefined
    }
    for (let attempt = 1; ; attempt++) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- the second attempt is for when the first fails
        return await orAborted(this.#init.libp2p.dial(address, { signal, force: anew }), signal)
      } catch (thrown) {
        // The relay passed the dial on over a dead connection, and knows that now. The peer may have a newer one.
        if (attempt === 1 && !signal.aborted && wasNotPassed(thrown)) continue
        if (this.#tellsOfItsPort(address, thrown)) await untilAborted(signal)
        tried.push(dialWords(address, thrown, signal, (relay) => this.existing(relay) !== undefined))
        return undefined
      }
    }
  }
}

const NOT_JOINED = 'it is not joined to this relay'

function unreachable(peer: string, tried: Tried): GliaError {
  const why = tried.join('; ') || 'there is no relay to ask'
  return new GliaError('ERR_UNREACHABLE', `${peer} could not be reached: ${why}.`)
}

function wasNotDialled(thrown: unknown): boolean {
  const failure = failureOf(thrown)
  return failure === 'not-dialled' || failure === 'no-transport'
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}

function wasNotPassed(thrown: unknown): boolean {
  const failure = failureOf(thrown)
  return failure === 'not-passed' || failure === 'bad-answer'
}
