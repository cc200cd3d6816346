import type { Connection, ConnectionLimits, Libp2p, Upgrader } from '@libp2p/interface'
import { GliaError } from '../../glia/errors.ts'
import { isDirect, peerOf, relayOf } from './addresses.ts'
import { closeGently } from '../libp2p/close-gently.ts'
import { statedMs } from '../patches/limit-seconds.ts'
import { hostOf } from './failure-words.ts'
import { CIRCUIT_DRAIN_MS, MAX_UNKNOWN_CALL_BYTES, MIN_CALL_BYTES } from '../limits.ts'

/** The limits that a relay stated when it made a circuit. */
interface Stated {
  /** Bytes in both directions together; undefined if the relay stated none. */
  bytes: number | undefined
  /** How long the circuit lasts, in ms; undefined if the relay stated nothing. */
  ms: number | undefined
  at: number
}

/**
 * The limits that relays state for their circuits: 128 KiB and two minutes by libp2p's default. A circuit takes new
 * calls only as long as they fit, so that the relay cuts none off. The next call then makes a fresh circuit.
 */
export class CircuitLimits {
  readonly #stated = new WeakMap<ConnectionLimits, Stated>()
  /** Bytes that calls under way may still need. */
  readonly #promised = new WeakMap<Connection, number>()
  readonly #spent = new WeakSet<Connection>()
  readonly #isUsed: (connection: Connection) => boolean
  #waiters: (() => void)[] = []

  /** @param isUsed Whether calls of either side are under way over a connection. */
  constructor(isUsed: (connection: Connection) => boolean) {
    this.#isUsed = isUsed
  }

  /** Reads the limits before the handshake has used a part of them. */
  watch(upgrader: Upgrader): void {
    for (const name of ['upgradeInbound', 'upgradeOutbound'] as const) {
      const upgrade = upgrader[name].bind(upgrader) as (...args: unknown[]) => Promise<never>
      upgrader[name] = (connection: unknown, options?: { limits?: ConnectionLimits }) => {
        if (options?.limits) this.#stated.set(options.limits, read(options.limits))
        return upgrade(connection, options)
      }
    }
  }

  /** Whether the relay of a connection states a limit. */
  bounds(connection: Connection): boolean {
    return this.#of(connection) !== undefined
  }

  /**
   * Whether a call fits into the rest of a connection. A call that is too large for any circuit fits into a fresh one.
   */
  fits(connection: Connection, messageBytes: number | undefined): boolean {
    const stated = this.#of(connection)
    if (!stated) return true
    if (this.#spent.has(connection)) return false
    if (stated.ms !== undefined && stated.at + stated.ms - Date.now() < stated.ms / 4) return false
    if (stated.bytes === undefined) return true
    const promised = this.#promised.get(connection) ?? 0
    const left = Number(connection.limits?.bytes ?? 0) - promised - marginOf(stated.bytes)
    const isFresh = promised === 0 && left > stated.bytes / 2
    return isFresh || left >= needOf(messageBytes, stated.bytes)
  }

  /** Sets bytes aside for a call. @returns a function that gives them back when the call is over */
  promise(connection: Connection, messageBytes: number | undefined): () => void {
    const stated = this.#of(connection)
    if (!stated) return () => undefined
    const bytes = needOf(messageBytes, stated.bytes ?? 0)
    this.#promised.set(connection, (this.#promised.get(connection) ?? 0) + bytes)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#promised.set(connection, (this.#promised.get(connection) ?? 0) - bytes)
      this.#retire(connection)
      this.#wake()
    }
  }

  /** Resolves when a call over a limited circuit is over, or when such a circuit is closed. */
  async change(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiters.push(resolve))
  }

  /** Closes those circuits to a peer that carry no calls, because none has room for the next call. */
  leave(connections: readonly Connection[]): void {
    for (const connection of connections) {
      if (this.#of(connection) && !this.#hasCalls(connection)) this.#spend(connection)
    }
  }

  /** Closes a circuit that has no room for another call, once it carries none. */
  #retire(connection: Connection): void {
    if (!this.#hasCalls(connection) && !this.fits(connection, undefined)) this.#spend(connection)
  }

  #spend(connection: Connection): void {
    if (this.#spent.has(connection)) return
    this.#spent.add(connection)
    this.#drain(connection)
  }

  #hasCalls(connection: Connection): boolean {
    return (this.#promised.get(connection) ?? 0) > 0
  }

  /** The reason why a circuit ended, if its limit ended it. */
  explain(connection: Connection, libp2p: Libp2p): GliaError | undefined {
    const stated = this.#of(connection)
    const relay = relayOf(connection.remoteAddr)
    const relayId = relay && peerOf(relay)
    if (!stated || !relay || !relayId) return undefined
    const isRelayThere = libp2p.getConnections().some((other) => {
      return isDirect(other) && other.status === 'open' && other.remotePeer.toString() === relayId
    })
    if (!isRelayThere) return undefined
    const where = `The relay at ${hostOf(relay)}`
    const lost = `The connection to ${connection.remotePeer.toString()} was lost`
    // The relay counts all bytes that it received. The last of them did not arrive here.
    if (stated.bytes !== undefined && Number(connection.limits?.bytes ?? 0) < stated.bytes / 2) {
      return new GliaError('ERR_UNREACHABLE', `${where} carries only ${sizeWords(stated.bytes)} a connection. ${lost}.`)
    }
    if (stated.ms !== undefined && Date.now() - stated.at > stated.ms * 0.9) {
      return new GliaError('ERR_UNREACHABLE', `${where} ends a connection after ${timeWords(stated.ms)}. ${lost}.`)
    }
    return undefined
  }

  #of({ limits }: Connection): Stated | undefined {
    return limits && this.#stated.get(limits)
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter()
  }

  #drain(connection: Connection): void {
    // The other side may have a call on its way over the circuit. It stops using it at about the same time.
    setTimeout(() => {
      if (connection.status !== 'open') this.#wake()
      else if (this.#isUsed(connection)) this.#drain(connection)
      else {
        connection.addEventListener('close', () => this.#wake(), { once: true })
        closeGently(connection)
      }
    }, CIRCUIT_DRAIN_MS)
  }
}

function read({ bytes, seconds }: ConnectionLimits): Stated {
  return {
    bytes: bytes === undefined ? undefined : Number(bytes),
    ms: seconds === undefined ? undefined : statedMs(seconds),
    at: Date.now(),
  }
}

/** Bytes for traffic that is no call: identify, gossip, pings. */
function marginOf(stated: number): number {
  return Math.min(stated / 8, MIN_CALL_BYTES * 2)
}

/** Bytes that a call may take in both directions: its reply may be as large as its message. */
function needOf(messageBytes: number | undefined, stated: number): number {
  if (messageBytes !== undefined) return 2 * messageBytes + MIN_CALL_BYTES
  return Math.max(MIN_CALL_BYTES, Math.min(stated / 8, MAX_UNKNOWN_CALL_BYTES))
}

function sizeWords(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB']
  let size = bytes
  let unit = 0
  for (; size >= 1024 && unit < units.length - 1; unit++) size /= 1024
  return `${Number(size.toFixed(1))} ${units[unit]}`
}

function timeWords(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`
}
