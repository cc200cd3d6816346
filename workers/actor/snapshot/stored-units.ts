import { HASH_BYTES, hashKey, type Pack, UNIT_BYTES, ZERO_KEY } from '../../../src/actors/snapshot/snapshot.ts'

/** Units of a pack. A value of the browser's database should not be much larger than 16 MiB. */
const PACK_UNITS = 1024
/** Units that may be stored and not be needed, beside as many as are needed. */
const SPARE_UNITS = 64

interface Known {
  pack: number
  uses: number
}

/** Which units the page has stored, in which pack, and how often the state has them. Several places may share a unit. */
export class StoredUnits {
  readonly #known = new Map<string, Known>()
  /** Units of each pack: all, and those that the state has. */
  readonly #packs = new Map<number, { units: number; live: number }>()
  #lastPack = 0
  #stored = 0
  #live = 0

  /** Whether so much is stored for nothing that all should be stored anew. */
  get isWasteful(): boolean {
    return this.#stored > 2 * this.#live + SPARE_UNITS
  }

  /** Knows nothing any more. Numbers of packs are not used again. */
  clear(): void {
    this.#known.clear()
    this.#packs.clear()
    this.#stored = this.#live = 0
  }

  /** Packs that the page has. Their units count once a place {@link use}s them. */
  restore(packs: readonly Pack[]): void {
    for (const { id, hashes, unused = 0 } of packs) {
      const used = hashes.length / HASH_BYTES
      for (let unit = 0; unit < used; unit++) this.#known.set(hashKey(hashes, unit), { pack: id, uses: 0 })
      const units = used + unused
      this.#packs.set(id, { units, live: 0 })
      this.#lastPack = Math.max(this.#lastPack, id)
      this.#stored += units
    }
  }

  /** A place has this unit now. @returns whether it is stored. */
  use(key: string): boolean {
    if (key === ZERO_KEY) return true
    const known = this.#known.get(key)
    if (!known) return false
    if (known.uses === 0) this.#count(known.pack, 1)
    known.uses += 1
    return true
  }

  /** A place has this unit no more. */
  release(key: string): void {
    const known = this.#known.get(key)
    if (!known) return
    known.uses -= 1
    if (known.uses === 0) this.#count(known.pack, -1)
  }

  /** Makes packs of units that are not stored, and counts one use of each. */
  pack(units: readonly NewUnit[]): Pack[] {
    const packs: Pack[] = []
    for (let at = 0; at < units.length; at += PACK_UNITS) packs.push(this.#packed(units.slice(at, at + PACK_UNITS)))
    return packs
  }

  /** The packs as they are stored, with the units that the state has. @param contents Of these units. */
  packs(contents: ReadonlyMap<string, Uint8Array>): Pack[] {
    const keys = new Map<number, string[]>([...this.#packs.keys()].map((id) => [id, []]))
    for (const [key, { pack, uses }] of this.#known) if (uses > 0) keys.get(pack)?.push(key)
    return [...keys].map(([id, used]) => {
      const pack = emptyPack(id, used.length)
      for (const [i, key] of used.entries()) {
        const hash = Uint8Array.from(key, (char) => char.charCodeAt(0))
        putUnit(pack, i, { hash, bytes: contents.get(key) ?? new Uint8Array() })
      }
      return { ...pack, unused: (this.#packs.get(id)?.units ?? 0) - used.length }
    })
  }

  /** Forgets packs of which the state has nothing. @returns their ids. */
  dropUnused(): number[] {
    const dropped = [...this.#packs].flatMap(([id, { live }]) => (live === 0 ? [id] : []))
    if (dropped.length === 0) return dropped
    for (const id of dropped) {
      this.#stored -= this.#packs.get(id)?.units ?? 0
      this.#packs.delete(id)
    }
    for (const [key, { pack }] of this.#known) if (!this.#packs.has(pack)) this.#known.delete(key)
    return dropped
  }

  #packed(units: readonly NewUnit[]): Pack {
    const id = ++this.#lastPack
    const pack = emptyPack(id, units.length)
    this.#packs.set(id, { units: units.length, live: 0 })
    this.#stored += units.length
    for (const [i, unit] of units.entries()) {
      putUnit(pack, i, unit)
      const key = hashKey(unit.hash, 0)
      this.#known.set(key, { pack: id, uses: 0 })
      this.use(key)
    }
    return pack
  }

  #count(pack: number, change: number): void {
    this.#live += change
    const counted = this.#packs.get(pack)
    if (counted) counted.live += change
  }
}

export interface NewUnit {
  hash: Uint8Array
  /** At most a unit; what is missing is zeros. */
  bytes: Uint8Array
}

function emptyPack(id: number, units: number): Pack {
  return { id, hashes: new Uint8Array(units * HASH_BYTES), bytes: new Uint8Array(units * UNIT_BYTES) }
}

function putUnit({ hashes, bytes }: Pack, unit: number, { hash, bytes: content }: NewUnit): void {
  hashes.set(hash, unit * HASH_BYTES)
  bytes.set(content, unit * UNIT_BYTES)
}
