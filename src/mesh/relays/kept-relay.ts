import type { Connection, Libp2p, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { peerOf } from '../dial/addresses.ts'
import { Backoff } from '../../glia/wait/backoff.ts'
import { Wait } from '../../glia/wait/wait.ts'
import { failureOf, hostOf, meshError } from '../dial/failure-words.ts'
import {
  DIAL_ATTEMPT_MS,
  HIDDEN_RETRY_MS,
  RELAY_RETRY_MS,
  RESERVATION_CHECK_MS,
  RESERVATION_RETRY_MS,
} from '../limits.ts'
import type { RelayInfo } from '../presence/peer-info.ts'
import type { Pulses } from '../presence/pulses.ts'

/** Makes reservations and tells about them. A relay itself makes none. */
export interface Reserver {
  /** Reserves, and listens at the relay under the given address. The reservation renews itself. */
  reserve(relay: PeerId, address: Multiaddr): Promise<void>
  /** When the reservation expires, in ms since the epoch; undefined if there is none. */
  expires(relay: PeerId): number | undefined
}

export interface KeptRelayInit {
  libp2p: Libp2p
  address: Multiaddr
  /** Left out: only the connection is wanted. */
  reserver: Reserver | undefined
  /** Ends connections on which nothing arrives. */
  pulses: Pulses
  /** Called when the relay is connected. @returns a function to call when it is lost, or is not kept any more */
  attend(connection: Connection): () => void
  changed(): void
}

/**
 * Keeps one relay: dials it, reserves, looks after it, and begins again when it is lost. libp2p 3.3 renews
 * reservations, and does not come back to a relay that went away. A relay that gives no reservation is kept too: only a
 * peer that is called needs one.
 */
export class KeptRelay {
  readonly #init: KeptRelayInit
  readonly #stopped = new AbortController()
  readonly #backoff = new Backoff(RELAY_RETRY_MS)
  readonly #reservationBackoff = new Backoff(RESERVATION_RETRY_MS)
  readonly #text: string
  #state: RelayInfo['state'] = 'connecting'
  #peerId: PeerId | undefined
  #connection: Connection | undefined
  #retryAt: number | undefined
  #error: string | undefined
  readonly #wait = new Wait()

  constructor(init: KeptRelayInit) {
    this.#init = init
    this.#text = init.address.toString()
    void this.#run()
  }

  get info(): RelayInfo {
    return {
      address: this.#text,
      peerId: this.#peerId?.toString() ?? peerOf(this.#init.address),
      state: this.#state,
      expires: this.#state === 'reserved' && this.#peerId ? this.#init.reserver?.expires(this.#peerId) : undefined,
      retryAt: this.#retryAt,
      error: this.#error,
    }
  }

  /** The relay's id while it is connected. Outgoing calls need that, and no reservation. */
  get connected(): PeerId | undefined {
    return this.#connection?.status === 'open' ? this.#connection.remotePeer : undefined
  }

  /** The address that is dialled. */
  get address(): Multiaddr {
    return this.#init.address
  }

  /** Checks at once whether the relay is there, because the machine woke up or the network changed. */
  hurry(): void {
    this.#backoff.reset()
    this.#reservationBackoff.reset()
    this.#wait.wake()
  }

  stop(): void {
    this.#stopped.abort()
    this.#wait.wake()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      try {
        this.#show('connecting')
        // oxlint-disable-next-line no-await-in-loop -- one attempt after the other is the point
        const connection = await this.#dial()
        this.#backoff.reset()
        this.#reservationBackoff.reset()
        // oxlint-disable-next-line no-await-in-loop
        await this.#stay(connection)
        this.#error = 'The connection to the relay was lost.'
      } catch (thrown) {
        this.#error = this.#sentence(thrown)
      }
      if (signal.aborted) return
      const waitMs = this.#init.pulses.hidden ? HIDDEN_RETRY_MS : this.#backoff.next()
      this.#retryAt = Date.now() + waitMs
      this.#show('waiting')
      // oxlint-disable-next-line no-await-in-loop
      await this.#pause(waitMs)
      this.#retryAt = undefined
    }
  }

  async #dial(): Promise<Connection> {
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(DIAL_ATTEMPT_MS)])
    const connection = await this.#init.libp2p.dial(this.#init.address, { signal })
    this.#peerId = connection.remotePeer
    return connection
  }

  /** Resolves when the connection to the relay is over. Reserves as often as it takes. */
  async #stay(connection: Connection): Promise<void> {
    const { signal } = this.#stopped
    const release = this.#init.pulses.watch(connection)
    this.#connection = connection
    const leave = this.#init.attend(connection)
    const closed = (): void => this.#wait.wake()
    connection.addEventListener('close', closed)
    try {
      while (connection.status === 'open' && !signal.aborted) {
        // oxlint-disable-next-line no-await-in-loop -- one reservation after the other
        const waitMs = await this.#reserve(connection)
        // oxlint-disable-next-line no-await-in-loop
        if (connection.status === 'open') await this.#pause(waitMs)
        this.#retryAt = undefined
      }
    } finally {
      connection.removeEventListener('close', closed)
      this.#connection = undefined
      release()
      leave()
    }
  }

  /** @returns how long this result is valid, in ms. */
  async #reserve(connection: Connection): Promise<number> {
    const { reserver, address } = this.#init
    const relay = connection.remotePeer
    try {
      if (reserver && reserver.expires(relay) === undefined) await reserver.reserve(relay, address)
      this.#backoff.reset()
      this.#reservationBackoff.reset()
      this.#error = undefined
      if (this.#state !== 'reserved') this.#show('reserved')
      return RESERVATION_CHECK_MS
    } catch (thrown) {
      if (connection.status !== 'open') throw thrown
      // A full relay stays full for a while. A relay that did not answer in time may be busy only for a moment.
      const backoff = failureOf(thrown) === 'silent' ? this.#backoff : this.#reservationBackoff
      const waitMs = backoff.next()
      this.#error = this.#sentence(thrown)
      this.#retryAt = Date.now() + waitMs
      this.#show('refused')
      return waitMs
    }
  }

  #sentence(thrown: unknown): string {
    return meshError(`The relay at ${hostOf(this.#init.address)}`, thrown).message
  }

  async #pause(ms: number): Promise<void> {
    if (!this.#stopped.signal.aborted) await this.#wait.for(ms)
  }

  #show(state: RelayInfo['state']): void {
    this.#state = state
    this.#init.changed()
  }
}
