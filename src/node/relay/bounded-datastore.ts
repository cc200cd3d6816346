import type { AbortOptions } from '@libp2p/interface'
import { MemoryDatastore } from 'datastore-core'
import { Key } from 'interface-datastore'

/** Limits of the entries whose keys have a prefix. */
export interface DatastoreBound {
  readonly prefix: string
  /** Number of entries. Past it the entry with the oldest last write is dropped. */
  readonly maxEntries: number
  /** Number of entries of one owner, which the last part of the key names. Left out: no limit. */
  readonly maxOfOwner?: number
  /** Longest value, in bytes. */
  readonly maxValueBytes: number
}

/**
 * libp2p's datastore, with limits. It keeps what strangers tell about themselves for hours after they left: records of
 * the DHT, and addresses and protocols of peers.
 */
export class BoundedDatastore extends MemoryDatastore {
  readonly #kept: readonly Kept[]

  constructor(bounds: readonly DatastoreBound[]) {
    super()
    this.#kept = bounds.map((bound) => new Kept(bound))
  }

  /** @throws {Error} if the value is too long */
  override put(key: Key, value: Uint8Array, options?: AbortOptions): Key | Promise<Key> {
    const name = key.toString()
    const kept = this.#of(name)
    if (kept && value.length > kept.bound.maxValueBytes) throw new Error(`the record for ${name} is too long`)
    for (const dropped of kept?.written(name) ?? []) void super.delete(new Key(dropped))
    return super.put(key, value, options)
  }

  override delete(key: Key, options?: AbortOptions): void | Promise<void> {
    const name = key.toString()
    this.#of(name)?.deleted(name)
    return super.delete(key, options)
  }

  #of(name: string): Kept | undefined {
    return this.#kept.find(({ bound }) => name.startsWith(bound.prefix))
  }
}

/** The names of the entries under one limit, those not written for longest first. */
class Kept {
  readonly bound: DatastoreBound
  readonly #all = new Set<string>()
  readonly #ofOwner = new Map<string, Set<string>>()

  constructor(bound: DatastoreBound) {
    this.bound = bound
  }

  /** @returns names of entries to remove */
  written(name: string): string[] {
    this.deleted(name)
    this.#all.add(name)
    const owner = ownerOf(name)
    const own = (this.#ofOwner.get(owner) ?? new Set<string>()).add(name)
    this.#ofOwner.set(owner, own)
    const { maxEntries, maxOfOwner = maxEntries } = this.bound
    const [oldest] = own.size > maxOfOwner ? own : this.#all.size > maxEntries ? this.#all : []
    if (oldest === undefined) return []
    this.deleted(oldest)
    return [oldest]
  }

  deleted(name: string): void {
    if (!this.#all.delete(name)) return
    const owner = ownerOf(name)
    const own = this.#ofOwner.get(owner)
    own?.delete(name)
    if (own?.size === 0) this.#ofOwner.delete(owner)
  }
}

function ownerOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}
