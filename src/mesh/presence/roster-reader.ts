import { publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { Connection, PeerId, Stream as Libp2pStream } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { GliaError } from '../../glia/errors.ts'
import type { Logger } from '../../glia/log.ts'
import { failureOf } from '../dial/failure-words.ts'
import { Rate } from '../dial/rate.ts'
import { piecesOf } from '../dialects/libp2p-stream.ts'
import {
  NEGOTIATION_MS,
  PASSED_ON_BY_RELAYS_RATE,
  ROSTER_FAR,
  ROSTER_LOOKUP_MS,
  ROSTER_NEAR,
  ROSTER_PROTOCOL,
} from '../limits.ts'
import { type Announcement, readAnnouncement, writeAnnouncement } from './announcement.ts'
import { FieldSplitter } from './fields.ts'
import type { KnownPeers, Source } from './known-peers.ts'
import {
  FOUND,
  GONE,
  HERE,
  here,
  NAMED,
  nameIs,
  readCount,
  readNamed,
  readPeer,
  ROOM,
  TOTAL,
  UNKNOWN,
  wanted,
} from './roster-wire.ts'

export interface RosterReaderInit {
  self: PeerId
  log: Logger
  known: KnownPeers
  /** Addresses of this peer. */
  addresses(): readonly Multiaddr[]
  /** The name that this peer announces. Empty: it has none. */
  name(): string
  heard(peer: string, isNew: boolean): void
  /** Called when a peer left, or when the number of peers is another. */
  changed(): void
}

/** What one relay tells. */
interface Reading {
  readonly connection: Connection
  readonly told: Map<string, Announcement>
  /** Names of told peers. A relay can name them as it likes. */
  readonly names: Map<string, string>
  stream: Libp2pStream | undefined
  /** Whether a stream is to be opened when there is none. An older relay has no roster, and is asked once. */
  isWanted: boolean
  /** The last announcement on the stream, as text. */
  announced: string
  /** The last name on the stream; undefined before the first. */
  name: string | undefined
  total: number
  /** For how many further peers the relay has room; undefined if it does not say. */
  room: number | undefined
}

/** A peer is looked for. */
interface Lookup {
  /** The relays that were asked and have not answered. */
  readonly asked: Set<Reading>
  done(): void
}

/**
 * Reads the rosters of this peer's relays, and announces this peer there. See {@link Roster}. A relay can tell of peers
 * that do not exist, as it could with gossip. It cannot pose as one of them: a dial proves the peer id.
 */
export class RosterReader {
  readonly #init: RosterReaderInit
  readonly #readings = new Set<Reading>()
  /** By the peer that is looked for. */
  readonly #lookups = new Map<string, Set<Lookup>>()
  readonly #rate = new Rate(PASSED_ON_BY_RELAYS_RATE)

  constructor(init: RosterReaderInit) {
    this.#init = init
  }

  /** The largest number of peers that a relay says it knows, this peer included. */
  get total(): number {
    return Math.max(0, ...[...this.#readings].map(({ total }) => total))
  }

  /** The name of a peer, as the relays tell it. */
  nameOf(peer: string): string | undefined {
    for (const { names } of this.#readings) {
      const name = names.get(peer)
      if (name !== undefined) return name
    }
    return undefined
  }

  /** For how many further peers a relay has room; undefined if it does not say. */
  roomAt(relay: string | undefined): number | undefined {
    for (const { connection, room } of this.#readings) if (connection.remotePeer.toString() === relay) return room
    return undefined
  }

  /** Reads the roster of a relay while it is kept. @returns a function that ends it; idempotent */
  attend(connection: Connection): () => void {
    const reading: Reading = {
      connection,
      told: new Map(),
      names: new Map(),
      stream: undefined,
      isWanted: false,
      announced: '',
      name: undefined,
      total: 0,
      room: undefined,
    }
    this.#readings.add(reading)
    void this.#open(reading)
    return () => {
      if (!this.#readings.delete(reading)) return
      reading.stream?.abort(new GliaError('ERR_ABORTED', 'The relay is not used any more.'))
      this.#init.changed()
    }
  }

  /** Tells the relays that the addresses or the name of this peer have changed. */
  announce(): void {
    for (const reading of this.#readings) this.#announce(reading)
  }

  /** Addresses of a peer, as the relays know it; none if they do not. */
  async find(peer: string): Promise<readonly Multiaddr[]> {
    // A question to a relay that does not read would only wait there.
    const asked = new Set(
      [...this.#readings].filter(({ stream }) => stream?.status === 'open' && !stream.writableNeedsDrain),
    )
    const { promise: answered, resolve: done } = Promise.withResolvers<void>()
    const lookup: Lookup = { asked, done }
    const lookups = this.#lookups.get(peer) ?? new Set()
    this.#lookups.set(peer, lookups.add(lookup))
    const timer = setTimeout(done, asked.size === 0 ? 0 : ROSTER_LOOKUP_MS)
    for (const { stream } of asked) stream?.send(Uint8Array.from(wanted(peer)))
    await answered
    clearTimeout(timer)
    lookups.delete(lookup)
    if (lookups.size === 0) this.#lookups.delete(peer)
    return this.#init.known.get(peer)?.addresses ?? []
  }

  /** Call it now and then: peers that are told of stay known, and a lost stream is opened again. */
  tick(): void {
    for (const reading of this.#readings) {
      if (reading.isWanted && reading.connection.status === 'open') void this.#open(reading)
      for (const announcement of reading.told.values()) this.#heard(reading, announcement)
    }
  }

  async #open(reading: Reading): Promise<void> {
    const { connection } = reading
    reading.isWanted = false
    try {
      const stream = await connection.newStream(ROSTER_PROTOCOL, { signal: AbortSignal.timeout(NEGOTIATION_MS) })
      reading.stream = stream
      stream.addEventListener('close', () => this.#lost(reading, stream))
      stream.addEventListener('remoteCloseWrite', () => this.#lost(reading, stream))
      const splitter = new FieldSplitter()
      stream.addEventListener('message', ({ data }) => {
        try {
          for (const piece of piecesOf(data))
            for (const { tag, bytes } of splitter.push(piece)) this.#take(reading, tag, bytes)
        } catch (cause) {
          this.#init.log.debug('roster:', cause)
          stream.abort(new GliaError('ERR_BAD_REQUEST', 'The relay tells what cannot be used.', { cause }))
        }
      })
      if (stream.status !== 'open' || !this.#readings.has(reading)) this.#lost(reading, stream)
      else this.#announce(reading)
    } catch (thrown) {
      this.#init.log.debug('roster:', thrown)
      reading.isWanted = failureOf(thrown) !== 'unsupported'
    }
  }

  #lost(reading: Reading, stream: Libp2pStream): void {
    if (reading.stream !== stream) return
    stream.abort(new GliaError('ERR_ABORTED', 'The relay tells no more.'))
    reading.stream = undefined
    reading.announced = ''
    reading.name = undefined
    reading.isWanted = true
    // They stay known for a while: a relay that restarts tells of them again.
    reading.told.clear()
    reading.names.clear()
    reading.total = 0
    reading.room = undefined
    for (const peer of this.#lookups.keys()) this.#answered(reading, peer)
    this.#init.changed()
  }

  #announce(reading: Reading): void {
    const { publicKey } = this.#init.self
    const addresses = this.#init.addresses()
    const { stream } = reading
    // Without a reservation nobody could reach this peer. Its addresses come with the reservation.
    if (stream?.status !== 'open' || !publicKey || addresses.length === 0) return
    const text = addresses.join()
    if (text !== reading.announced) {
      reading.announced = text
      stream.send(Uint8Array.from(here(writeAnnouncement(publicKeyToProtobuf(publicKey), addresses))))
    }
    const name = this.#init.name()
    if (name === reading.name) return
    reading.name = name
    stream.send(Uint8Array.from(nameIs(name)))
  }

  /** @throws {Error} if the relay tells too much, or what cannot be used */
  #take(reading: Reading, tag: number, bytes: Uint8Array): void {
    if (!this.#rate.admits(reading.connection.remotePeer.toString())) throw new Error('the relay tells too much')
    if (tag === TOTAL) {
      reading.total = readCount(bytes)
      this.#init.changed()
    } else if (tag === ROOM) {
      reading.room = readCount(bytes)
      this.#init.changed()
    } else if (tag === NAMED) {
      const { peer, name } = readNamed(bytes)
      if (!reading.told.has(peer)) return
      if (name === '') reading.names.delete(peer)
      else reading.names.set(peer, name)
      this.#init.changed()
    } else if (tag === GONE) this.#left(reading, readPeer(bytes))
    else if (tag === UNKNOWN) this.#answered(reading, readPeer(bytes))
    else if (tag === FOUND) {
      const { id, addresses } = readAnnouncement(bytes)
      const peer = id.toString()
      if (!this.#lookups.has(peer)) return
      this.#init.known.heard(id, addresses, sourceOf(reading))
      this.#answered(reading, peer)
    } else if (tag === HERE) {
      const announcement = readAnnouncement(bytes)
      if (announcement.id.equals(this.#init.self)) return
      reading.told.set(announcement.id.toString(), announcement)
      if (reading.told.size > ROSTER_NEAR + ROSTER_FAR) throw new Error('the relay tells of too many peers')
      this.#heard(reading, announcement)
    }
  }

  /** A relay has said where a peer is, or that it does not know, or it answers no more. Each relay counts once. */
  #answered(reading: Reading, peer: string): void {
    for (const { asked, done } of this.#lookups.get(peer) ?? []) {
      asked.delete(reading)
      if (asked.size === 0 || this.#init.known.get(peer)) done()
    }
  }

  #left(reading: Reading, peer: string): void {
    if (!reading.told.delete(peer)) return
    reading.names.delete(peer)
    if ([...this.#readings].some(({ told }) => told.has(peer))) return
    this.#init.known.forget(peer)
    this.#init.changed()
  }

  #heard(reading: Reading, { id, addresses }: Announcement): void {
    this.#init.heard(id.toString(), this.#init.known.heard(id, addresses, sourceOf(reading)))
  }
}

function sourceOf({ connection }: Reading): Source {
  return { name: connection.remotePeer.toString(), isOwnRelay: true }
}
