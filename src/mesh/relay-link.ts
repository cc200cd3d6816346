import type { Connection, Libp2p, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { peerOf } from './addresses.ts'
import { Backoff } from '../glia/backoff.ts'
import { hostOf, meshError } from './failure-words.ts'
import { DIAL_ATTEMPT_MS, RELAY_ANSWER_MS, RELAY_CHECK_MS, RELAY_RETRY_MS } from './limits.ts'
import type { RelayInfo } from './peer-info.ts'
import { probe } from './probe.ts'

/** Makes and tells of reservations; a relay itself makes none. */
export interface Reserver {
  /** Reserves, and listens at the relay under the given address. Renews it by itself. */
  reserve(relay: PeerId, address: Multiaddr): Promise<void>
  /** When the reservation expires, in ms since the epoch; undefined if there is none. */
  expires(relay: PeerId): number | undefined
}

export interface RelayLinkInit {
  libp2p: Libp2p
  address: Multiaddr
  /** Left out: the connection is all that is wanted. */
  reserver: Reserver | undefined
  changed(): void
}

/**
 * Keeps one relay: dials it, reserves, looks after it, and begins again when it is lost. libp2p renews reservations but does
 * not come back to a relay that went away (FACTS 3.5).
 */
export class RelayLink {
  readonly #init: RelayLinkInit
  readonly #stopped = new AbortController()
  readonly #backoff = new Backoff(RELAY_RETRY_MS)
  readonly #text: string
  #state: RelayInfo['state'] = 'connecting'
  #peerId: PeerId | undefined
  #retryAt: number | undefined
  #error: string | undefined
  /** Ends the wait that is under way. */
  #hurry: (() => void) | undefined

  constructor(init: RelayLinkInit) {
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

  /** Looks at once whether the relay is there: the machine woke up, the network changed. */
  hurry(): void {
    this.#backoff.reset()
    this.#hurry?.()
  }

  stop(): void {
    this.#stopped.abort()
    this.#hurry?.()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      try {
        this.#show('connecting')
        // oxlint-disable-next-line no-await-in-loop -- one attempt after the other is the point
        const connection = await this.#join()
        this.#backoff.reset()
        this.#error = undefined
        this.#show('reserved')
        // oxlint-disable-next-line no-await-in-loop
        await this.#watch(connection)
      } catch (thrown) {
        if (signal.aborted) return
        this.#error = meshError(`The relay at ${hostOf(this.#init.address)}`, thrown).message
      }
      const waitMs = this.#backoff.next()
      this.#retryAt = Date.now() + waitMs
      this.#show('waiting')
      // oxlint-disable-next-line no-await-in-loop
      await this.#pause(waitMs)
      this.#retryAt = undefined
    }
  }

  async #join(): Promise<Connection> {
    const { libp2p, address, reserver } = this.#init
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(DIAL_ATTEMPT_MS)])
    const connection = await libp2p.dial(address, { signal })
    this.#peerId = connection.remotePeer
    await reserver?.reserve(connection.remotePeer, address)
    return connection
  }

  /** Resolves when the relay is lost: its connection closes, it answers no more, or the reservation is gone. */
  async #watch(connection: Connection): Promise<void> {
    const { reserver } = this.#init
    const closed = (): void => this.#hurry?.()
    connection.addEventListener('close', closed)
    try {
      while (!this.#stopped.signal.aborted && connection.status === 'open') {
        // oxlint-disable-next-line no-await-in-loop -- looks again and again
        await this.#pause(RELAY_CHECK_MS)
        if (connection.status !== 'open' || this.#stopped.signal.aborted) break
        // oxlint-disable-next-line no-await-in-loop
        if (!(await probe(connection, RELAY_ANSWER_MS))) break
        if (reserver && reserver.expires(connection.remotePeer) === undefined) break
      }
    } finally {
      connection.removeEventListener('close', closed)
    }
    this.#error = 'The connection to the relay was lost.'
  }

  /** Waits, unless something is known earlier. */
  async #pause(ms: number): Promise<void> {
    if (this.#stopped.signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, ms)
    this.#hurry = resolve
    await promise
    clearTimeout(timer)
    this.#hurry = undefined
  }

  #show(state: RelayInfo['state']): void {
    this.#state = state
    this.#init.changed()
  }
}
