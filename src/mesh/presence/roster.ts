import { publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { Connection, Stream as Libp2pStream } from '@libp2p/interface'
import { GliaError } from '../../glia/errors.ts'
import { isDirect } from '../dial/addresses.ts'
import { Rate } from '../dial/rate.ts'
import { piecesOf } from '../dialects/libp2p-stream.ts'
import {
  MAX_ROSTER_BACKLOG,
  REPEAT_RATE,
  ROSTER_FAR,
  ROSTER_LOOKUP_RATE,
  ROSTER_NEAR,
  ROSTER_PAUSE_MS,
  ROSTER_TOTAL_MS,
} from '../limits.ts'
import { readAnnouncement, writeAnnouncement } from './announcement.ts'
import { FieldSplitter } from './fields.ts'
import type { KnownPeer, KnownPeers } from './known-peers.ts'
import {
  found,
  gone,
  HERE,
  here,
  NAME,
  named,
  readName,
  readPeer,
  room,
  total,
  unknown,
  WANTED,
} from './roster-wire.ts'
import { Crowd, Sample } from './sample.ts'

export interface RosterInit {
  /** Peers that were heard of by gossip. */
  known: KnownPeers
  /** The name under which quotas count a connection. */
  networkOf(connection: Connection): string
  isConnected(peer: string): boolean
  /** For how many further peers this relay has room. Left out: it does not tell. */
  room?: (() => number) | undefined
  /** Peers that one peer is told of: of those connected here, and of others. */
  near?: number
  far?: number
}

/** A peer that is told of others. It is told of to them once it has announced itself. */
interface Member {
  readonly id: string
  readonly stream: Libp2pStream
  readonly near: Sample
  readonly far: Sample
  /** What it is to be told. */
  readonly here: Set<string>
  readonly gone: Set<string>
  announcement: Uint8Array | undefined
  /** The name that it announced. Empty: it has taken its name back. Undefined: it never had one. */
  name: string | undefined
  toldTotal: number
  toldRoom: number | undefined
  toldAt: number
}

/**
 * A relay's list of the peers that are there. A peer opens one stream and announces itself on it: the connection proves
 * who it is. On the same stream the relay tells of a bounded sample of the others, and of changes in that sample. So a
 * peer costs the same number of bytes however large the mesh is. With gossip, each announcement goes to every peer.
 *
 * Near are the peers that are connected here. Far are those that other relays told of by gossip. Each has a sample of
 * its own, so that made-up far peers cannot push out near ones.
 */
export class Roster {
  readonly #init: RosterInit
  readonly #members = new Map<string, Member>()
  readonly #near = new Crowd()
  readonly #far = new Crowd()
  readonly #opens = new Rate(REPEAT_RATE)
  readonly #rate = new Rate(REPEAT_RATE)
  readonly #lookups = new Rate(ROSTER_LOOKUP_RATE)
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(init: RosterInit) {
    this.#init = init
    init.known.watch({ came: (peer) => this.#heardOf(peer), left: (id) => this.#forgotten(id) })
  }

  /** Number of peers that this relay knows. */
  get size(): number {
    return this.#near.size + this.#far.size
  }

  /** Whether a peer has announced itself here. */
  has(peer: string): boolean {
    return this.#members.get(peer)?.announcement !== undefined
  }

  /** Takes the stream of a peer. A second stream of the same peer replaces the first. */
  accept(stream: Libp2pStream, connection: Connection): void {
    if (!isDirect(connection)) return stream.abort(new GliaError('ERR_DENIED', 'A relay tells only its own peers.'))
    const { near = ROSTER_NEAR, far = ROSTER_FAR } = this.#init
    const id = connection.remotePeer.toString()
    // Each new stream is told the whole sample.
    if (!this.#opens.admits(id))
      return stream.abort(new GliaError('ERR_MAILBOX_FULL', 'The peer opens too many streams.'))
    const former = this.#members.get(id)
    const member: Member = {
      id,
      stream,
      near: new Sample(this.#near, near, id),
      far: new Sample(this.#far, far, id),
      here: new Set(),
      gone: new Set(),
      announcement: former?.announcement,
      name: former?.name,
      toldTotal: 0,
      toldRoom: undefined,
      toldAt: 0,
    }
    // The new member stands before the old stream ends, so that the peer does not count as gone.
    this.#members.set(id, member)
    former?.stream.abort(new GliaError('ERR_ABORTED', 'The peer has opened another stream.'))
    for (const other of [...member.near.fill(), ...member.far.fill()]) member.here.add(other)
    this.#tell(member)
    const over = (): void => this.#over(member)
    stream.addEventListener('close', over)
    stream.addEventListener('remoteCloseWrite', over)
    const splitter = new FieldSplitter()
    // Added last: adding it delivers what has already come.
    stream.addEventListener('message', ({ data }) => {
      try {
        for (const piece of piecesOf(data)) {
          for (const { tag, bytes } of splitter.push(piece)) {
            if (tag === HERE) this.#announced(member, bytes, this.#init.networkOf(connection))
            else if (tag === NAME) this.#namedItself(member, readName(bytes))
            else if (tag === WANTED) this.#lookedFor(member, readPeer(bytes))
          }
        }
      } catch (cause) {
        stream.abort(new GliaError('ERR_BAD_REQUEST', 'The peer says what cannot be used.', { cause }))
      }
    })
    if (stream.status !== 'open') over()
  }

  /** Tells what has changed little by little, such as the number of peers. */
  tick(): void {
    for (const member of this.#members.values()) this.#tell(member)
  }

  stop(): void {
    for (const { stream } of this.#members.values()) stream.abort(new GliaError('ERR_ABORTED', 'The relay stops.'))
    // Each end has asked for the timer.
    clearTimeout(this.#timer)
  }

  /** @throws {Error} if it is not about its sender, or comes too often */
  #announced(member: Member, bytes: Uint8Array, network: string): void {
    const { id } = member
    if (this.#members.get(id) !== member) return
    if (!this.#rate.admits(id)) throw new Error('the peer announces itself too often')
    if (readAnnouncement(bytes).id.toString() !== id) throw new Error('the announcement is about another peer')
    const isNew = !this.has(id)
    // Saying the same again costs nobody a byte.
    if (!isNew && isEqual(bytes, member.announcement)) return
    member.announcement = bytes.slice()
    // From now on the peer speaks for itself. What others told of it is dropped.
    this.#init.known.forget(id)
    if (!isNew) return this.#changed(id)
    this.#left(id)
    this.#near.add(id, network)
    this.#came(id, 'near')
  }

  /** @throws {Error} if it comes too often */
  #namedItself(member: Member, name: string): void {
    const { id } = member
    if (this.#members.get(id) !== member) return
    if (!this.#rate.admits(id)) throw new Error('the peer announces itself too often')
    if (name === (member.name ?? '')) return
    member.name = name
    this.#changed(id)
  }

  /** A sample has only a part of the peers, and somebody may call any of them. */
  #lookedFor({ id, stream }: Member, peer: string): void {
    // The peer does not read. It stops waiting by itself.
    if (stream.writableNeedsDrain) return
    const announcement = this.#lookups.admits(id) ? this.#announcementOf(peer) : undefined
    stream.send(Uint8Array.from(announcement ? found(announcement) : unknown(peer)))
  }

  #over(member: Member): void {
    if (this.#members.get(member.id) !== member) return
    this.#members.delete(member.id)
    if (member.stream.status === 'open') member.stream.abort(new GliaError('ERR_ABORTED', 'The peer says no more.'))
    this.#left(member.id)
  }

  #heardOf({ id }: KnownPeer): void {
    const name = id.toString()
    if (this.has(name)) return
    const side = this.#init.isConnected(name) ? 'near' : 'far'
    const crowd = side === 'near' ? this.#near : this.#far
    if (crowd.groupOf(name) !== undefined) return this.#changed(name)
    this.#left(name)
    crowd.add(name, this.#init.known.sourceOf(name) ?? '')
    this.#came(name, side)
  }

  #forgotten(id: string): void {
    if (!this.has(id)) this.#left(id)
  }

  #came(id: string, side: 'near' | 'far'): void {
    for (const member of this.#members.values()) {
      const { taken, left } = member[side].came(id)
      if (left !== undefined) tellGone(member, left)
      if (taken) tellHere(member, id)
    }
    this.#soon()
  }

  #changed(id: string): void {
    for (const member of this.#members.values()) if (member.near.has(id) || member.far.has(id)) tellHere(member, id)
    this.#soon()
  }

  #left(id: string): void {
    const isHere = this.#near.remove(id) || this.#far.remove(id)
    if (!isHere) return
    for (const member of this.#members.values()) {
      for (const sample of [member.near, member.far]) {
        if (!sample.gone(id)) continue
        tellGone(member, id)
        for (const other of sample.fill()) tellHere(member, other)
      }
    }
    this.#soon()
  }

  /** Changes that come together are told together. */
  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      for (const member of this.#members.values()) if (member.here.size + member.gone.size > 0) this.#tell(member)
    }, ROSTER_PAUSE_MS)
  }

  #tell(member: Member): void {
    const { stream } = member
    if (member.gone.size > MAX_ROSTER_BACKLOG) {
      stream.abort(new GliaError('ERR_ABORTED', 'The peer does not read.'))
      return
    }
    // What it is to be told waits, and is told when the stream takes it.
    if (stream.status !== 'open' || stream.writableNeedsDrain) return
    const roomNow = this.#init.room?.()
    const isOther = this.size !== member.toldTotal || roomNow !== member.toldRoom
    const isTotalDue = isOther && Date.now() - member.toldAt > ROSTER_TOTAL_MS
    if (member.here.size + member.gone.size === 0 && !isTotalDue) return
    const parts = total(this.size)
    if (roomNow !== undefined && roomNow !== member.toldRoom) parts.push(...room(roomNow))
    for (const id of member.gone) parts.push(...gone(id))
    for (const id of member.here) {
      const announcement = this.#announcementOf(id)
      if (!announcement) continue
      parts.push(...here(announcement))
      const name = this.#members.get(id)?.name
      if (name !== undefined) parts.push(...named(id, name))
    }
    member.here.clear()
    member.gone.clear()
    member.toldTotal = this.size
    member.toldRoom = roomNow
    member.toldAt = Date.now()
    stream.send(Uint8Array.from(parts))
  }

  #announcementOf(id: string): Uint8Array | undefined {
    const own = this.#members.get(id)?.announcement
    const known = own ? undefined : this.#init.known.get(id)
    return own ?? (known?.id.publicKey && writeAnnouncement(publicKeyToProtobuf(known.id.publicKey), known.addresses))
  }
}

function tellHere(member: Member, id: string): void {
  member.gone.delete(id)
  member.here.add(id)
}

function tellGone(member: Member, id: string): void {
  // It may not have been told of yet. Then the peer drops what it does not know.
  member.here.delete(id)
  member.gone.add(id)
}

function isEqual(some: Uint8Array, others: Uint8Array | undefined): boolean {
  return some.length === others?.length && some.every((byte, i) => byte === others[i])
}
