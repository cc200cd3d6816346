import type { PeerId } from '@libp2p/interface'
import type { TransportManager } from '@libp2p/interface-internal'
import type { Multiaddr } from '@multiformats/multiaddr'
import { toGliaError } from '../../glia/errors.ts'
import { readMultiaddr, withPeer } from '../dial/addresses.ts'
import { NEWCOMER_MS, RESERVE_MS } from '../limits.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import type { RelayInfo } from '../presence/peer-info.ts'
import { KeptRelay, type KeptRelayInit, type Reserver } from './kept-relay.ts'
import { reservationQueue } from '../patches/reservation-queue.ts'
import type { ReservationStore } from '../patches/reservation-store.ts'

export interface RelaysInit extends Omit<KeptRelayInit, 'address'> {
  /** Called with each address before it is dialled: this peer's own person or operator named it. */
  name(address: Multiaddr): void
}

/** The relays that this peer uses. */
export class Relays {
  readonly #init: RelaysInit
  readonly #kept = new Map<string, KeptRelay>()
  /** Addresses that are no multiaddrs. */
  #bad: RelayInfo[] = []
  /** When this peer began, or last had its first relay after it had none, in ms since the epoch. */
  #joinedAt = Date.now()
  #joined = false

  constructor(init: RelaysInit) {
    this.#init = { ...init, changed: () => this.#changed(init.changed) }
  }

  get infos(): RelayInfo[] {
    return [...[...this.#kept.values()].map(({ info }) => info), ...this.#bad]
  }

  /**
   * Uses exactly these relays from now on. One that is no multiaddr is shown with its error, and the others are used.
   */
  use(addresses: readonly string[]): void {
    const wanted = new Map<string, Multiaddr>()
    this.#bad = []
    for (const text of addresses) {
      try {
        wanted.set(text, readMultiaddr(text))
      } catch (thrown) {
        this.#bad.push(unusable(text, toGliaError(thrown).message))
      }
    }
    for (const [text, relay] of this.#kept) {
      if (wanted.has(text)) continue
      relay.stop()
      this.#kept.delete(text)
    }
    for (const [text, address] of wanted) {
      if (this.#kept.has(text)) continue
      this.#init.name(address)
      this.#kept.set(text, new KeptRelay({ ...this.#init, address }))
    }
    this.#init.changed()
  }

  /** The connected relays, with or without a reservation, by peer id. A call can go out through each address. */
  get connected(): ReadonlyMap<string, Multiaddr> {
    return new Map(
      [...this.#kept.values()].flatMap(({ connected, address }) =>
        connected ? [[connected.toString(), withPeer(address, connected.toString())] as const] : [],
      ),
    )
  }

  /**
   * Whether this peer has joined the mesh just now, or is about to: it may soon find peers that it cannot find yet. After
   * a relay's restart all peers ask for a reservation at once, which can take long.
   */
  isNewcomer(now = Date.now()): boolean {
    if (now - this.#joinedAt < NEWCOMER_MS) return true
    return [...this.#kept.values()].some(({ connected, info }) => connected && info.state === 'connecting')
  }

  /** Tries again at once if no relay is connected. */
  hurryIfAlone(): void {
    if (this.connected.size === 0) this.hurry()
  }

  hurry(): void {
    for (const relay of this.#kept.values()) relay.hurry()
  }

  stop(): void {
    for (const relay of this.#kept.values()) relay.stop()
    this.#kept.clear()
  }

  #isJoined(): boolean {
    return this.infos.some(({ state }) => state === 'reserved')
  }

  #changed(tell: () => void): void {
    const joined = this.#isJoined()
    if (joined && !this.#joined) this.#joinedAt = Date.now()
    this.#joined = joined
    tell()
  }
}

/** Whether calls can go out through a relay in this state. Only a peer that is called needs a reservation. */
export function isConnected(state: RelayInfo['state']): boolean {
  return state === 'reserved' || state === 'refused'
}

function unusable(address: string, error: string): RelayInfo {
  return { address, peerId: undefined, state: 'waiting', expires: undefined, retryAt: undefined, error }
}

/** Reservations through libp2p's circuit relay transport. */
export class CircuitReserver implements Reserver {
  readonly #transportManager: TransportManager
  readonly #store: ReservationStore
  readonly #listening = new Set<string>()
  /**
   * Listeners that are being made. A wait for one may be given up, and its relay tried again, before the listener is
   * there.
   */
  readonly #starting = new Map<string, Promise<void>>()
  readonly #inTurn = reservationQueue()

  constructor(transportManager: TransportManager, store: ReservationStore) {
    this.#transportManager = transportManager
    this.#store = store
  }

  async reserve(relay: PeerId, address: Multiaddr): Promise<void> {
    await this.#inTurn(() => orAborted(this.#reserve(relay, address), AbortSignal.timeout(RESERVE_MS)))
  }

  async #reserve(relay: PeerId, address: Multiaddr): Promise<void> {
    const id = relay.toString()
    if (this.#listening.has(id)) {
      // Its listener takes a new reservation by itself. Without this check, listeners would pile up each time the relay
      // comes back.
      await this.#store.addRelay(relay, 'configured')
      return
    }
    const starting = this.#starting.get(id) ?? this.#listen(id, address).finally(() => void this.#starting.delete(id))
    this.#starting.set(id, starting)
    await starting
  }

  async #listen(id: string, address: Multiaddr): Promise<void> {
    await this.#transportManager.listen([withPeer(address, id).encapsulate('/p2p-circuit')])
    this.#listening.add(id)
  }

  expires(relay: PeerId): number | undefined {
    const seconds = this.#store.getReservation(relay)?.expire
    return seconds === undefined ? undefined : Number(seconds) * 1000
  }
}
