import { sha256 } from '../../../src/actors/module/sha256.ts'
import {
  type Checkpoint,
  type Extent,
  type FileNode,
  HASH_BYTES,
  hashKey,
  type Pack,
  type Snapshot,
  UNIT_BYTES,
  type UnitHashes,
  type WholeSnapshot,
  ZERO_KEY,
} from '../../../src/actors/snapshot/snapshot.ts'
import type { Inode } from '../files/inode.ts'
import { RegularFile } from '../files/regular-file.ts'
import type { LiveState } from './live-state.ts'
import { type NewUnit, StoredUnits } from './stored-units.ts'
import { takeFiles } from './take-files.ts'
import { Unit, UnitMarks } from './unit-marks.ts'

/** A unit that may have changed, and where its hash goes. */
interface Changed {
  bytes: Uint8Array<ArrayBuffer>
  hashes: UnitHashes
  unit: number
}

interface KnownFile {
  version: number
  size: number
  units: UnitHashes
}

/** Takes the state of one instance between two messages, and tells only what has changed since the time before. */
export class StateTracker {
  readonly #state: LiveState
  readonly #marks: UnitMarks
  readonly #stored = new StoredUnits()
  #memory: UnitHashes = new Uint8Array()
  #files = new Map<RegularFile, KnownFile>()
  /** Whether the page has nothing that the next checkpoint could build on. */
  #isNew = true
  /** All that is neither a unit nor a time, as one text. */
  #rest = ''

  constructor(state: LiveState) {
    this.#state = state
    this.#marks = new UnitMarks(state.wasmMemory)
  }

  /**
   * The instance goes on from a snapshot that the page has.
   * @param inodes Its files, by their places in the snapshot.
   */
  resumed({ snapshot, packs }: WholeSnapshot, inodes: readonly (Inode | undefined)[]): void {
    this.#marks.compare()
    this.#memory = snapshot.memory.slice()
    this.#stored.restore(packs)
    for (const key of keysOf(this.#memory)) this.#stored.use(key)
    for (const [place, node] of snapshot.files.entries()) {
      const file = inodes[place]
      if (node.kind !== 'file' || !(file instanceof RegularFile)) continue
      this.#files.set(file, { version: file.version, size: file.size, units: node.units })
      for (const key of keysOf(node.units)) this.#stored.use(key)
    }
    this.#rest = this.#restOf(this.#take())
    this.#isNew = false
  }

  /** @returns undefined if nothing has changed since the checkpoint before. */
  async checkpoint(extent: Extent): Promise<Checkpoint | undefined> {
    if (extent === 'stored') return this.#asStored()
    const isWhole = extent === 'all' || this.#isNew || this.#stored.isWasteful
    // If this fails, the marks are ahead of the hashes.
    this.#isNew = true
    if (isWhole) this.#forget()
    const changed: Changed[] = []
    const gone: string[] = []
    const isMemorySame = this.#compareMemory(changed, gone)
    const taken = this.#take()
    const areFilesSame = this.#compareFiles(taken.contents, changed, gone)
    const rest = this.#restOf(taken)
    if (!isWhole && isMemorySame && areFilesSame && rest === this.#rest) {
      this.#isNew = false
      return undefined
    }
    const snapshot = this.#snapshot(taken)
    const packs = await this.#store(changed, gone)
    const withUnits = this.#withUnits(snapshot, taken)
    this.#rest = rest
    this.#isNew = false
    return { snapshot: withUnits, packs, dropped: isWhole ? 'all' : this.#stored.dropUnused() }
  }

  /** Nothing has run since the checkpoint before. */
  #asStored(): Checkpoint {
    const taken = this.#take()
    const packs = this.#stored.packs(this.#units())
    return { snapshot: this.#withUnits(this.#snapshot(taken), taken), packs, dropped: [] }
  }

  /** All units of the state that are not zeros. */
  #units(): Map<string, Uint8Array> {
    const units = new Map<string, Uint8Array>()
    const add = (content: Uint8Array, hashes: UnitHashes): void => {
      for (let unit = 0; unit * HASH_BYTES < hashes.length; unit++) {
        units.set(hashKey(hashes, unit), content.subarray(unit * UNIT_BYTES, (unit + 1) * UNIT_BYTES))
      }
    }
    add(new Uint8Array(this.#state.memory), this.#memory)
    for (const [{ content, size }, { units: hashes }] of this.#files) add(content.subarray(0, size), hashes)
    return units
  }

  #forget(): void {
    this.#marks.clear()
    this.#stored.clear()
    this.#memory = new Uint8Array()
    this.#files.clear()
  }

  #take() {
    const { root, data, wasi } = this.#state
    return takeFiles(root, data, wasi.open)
  }

  /** @returns whether the memory is as it was. */
  #compareMemory(changed: Changed[], gone: string[]): boolean {
    const { memory } = this.#state
    const found = this.#marks.compare()
    const before = this.#memory
    if (before.length < found.length * HASH_BYTES) {
      this.#memory = new Uint8Array(found.length * HASH_BYTES)
      this.#memory.set(before)
    }
    const hashes = this.#memory
    let isSame = before.length === hashes.length
    for (let unit = 0; unit < found.length; unit++) {
      if (found[unit] === Unit.same) continue
      const key = hashKey(hashes, unit)
      if (found[unit] === Unit.zeros) {
        if (key === ZERO_KEY) continue
        hashes.fill(0, unit * HASH_BYTES, (unit + 1) * HASH_BYTES)
      } else {
        // A copy: the browser's hash takes its time, and a buffer of wasm cannot be posted.
        const bytes = new Uint8Array(memory, unit * UNIT_BYTES, UNIT_BYTES).slice()
        changed.push({ bytes, hashes, unit })
      }
      gone.push(key)
      isSame = false
    }
    return isSame
  }

  /** @returns whether all files are as they were. */
  #compareFiles(contents: ReadonlyMap<number, RegularFile>, changed: Changed[], gone: string[]): boolean {
    const files = new Map<RegularFile, KnownFile>()
    let isSame = true
    for (const file of contents.values()) {
      const known = this.#files.get(file)
      if (known?.version === file.version) {
        files.set(file, known)
        continue
      }
      isSame = false
      const { content, size, version } = file
      const units = new Uint8Array(Math.ceil(size / UNIT_BYTES) * HASH_BYTES)
      for (let unit = 0; unit * UNIT_BYTES < size; unit++) {
        const bytes = content.slice(unit * UNIT_BYTES, (unit + 1) * UNIT_BYTES)
        if (bytes.some((byte) => byte !== 0)) changed.push({ bytes, hashes: units, unit })
      }
      files.set(file, { version, size, units })
    }
    for (const [file, { units }] of this.#files) {
      if (files.get(file)?.units === units) continue
      isSame = false
      gone.push(...keysOf(units))
    }
    this.#files = files
    return isSame
  }

  async #store(changed: readonly Changed[], gone: readonly string[]): Promise<Pack[]> {
    const hashes = await Promise.all(changed.map(({ bytes }) => sha256(padded(bytes))))
    const fresh = new Map<string, NewUnit & { more: number }>()
    for (const [i, { bytes, hashes: into, unit }] of changed.entries()) {
      const hash = hashes[i] ?? new Uint8Array(HASH_BYTES)
      into.set(hash, unit * HASH_BYTES)
      const key = hashKey(hash, 0)
      const twin = fresh.get(key)
      if (twin) twin.more += 1
      else if (!this.#stored.use(key)) fresh.set(key, { hash, bytes, more: 0 })
    }
    const packs = this.#stored.pack([...fresh.values()])
    for (const [key, { more }] of fresh) for (let i = 0; i < more; i++) this.#stored.use(key)
    for (const key of gone) this.#stored.release(key)
    return packs
  }

  #snapshot({ nodes, descriptors }: ReturnType<typeof takeFiles>): Snapshot {
    const { cid, globals, memory, wasi } = this.#state
    return {
      version: 1,
      cid,
      // The page counts them.
      messages: 0,
      memoryBytes: memory.byteLength,
      memory: new Uint8Array(this.#memory.length),
      globals,
      clock: { realtimeMs: Date.now(), monotonicNs: wasi.monotonicNs },
      files: nodes,
      descriptors,
    }
  }

  /** The snapshot with the hashes as they are now. */
  #withUnits(snapshot: Snapshot, { contents }: ReturnType<typeof takeFiles>): Snapshot {
    snapshot.memory.set(this.#memory)
    const files = snapshot.files.map((node, place): FileNode => {
      const file = contents.get(place)
      const units = file && this.#files.get(file)?.units
      return node.kind === 'file' && units ? { ...node, units: units.slice() } : node
    })
    return { ...snapshot, files }
  }

  #restOf({ descriptors, nodes }: ReturnType<typeof takeFiles>): string {
    const { globals, root, memory } = this.#state
    const values = globals.map(({ value }) => (Object.is(value, -0) ? '-0' : String(value)))
    return JSON.stringify([memory.byteLength, values, descriptors, root?.volume.version, nodes.length])
  }
}

function* keysOf(hashes: UnitHashes): Iterable<string> {
  for (let unit = 0; unit * HASH_BYTES < hashes.length; unit++) yield hashKey(hashes, unit)
}

/** A unit is hashed whole: the end of a file and a unit of memory with the same bytes are one. */
function padded(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (bytes.length === UNIT_BYTES) return bytes
  const unit = new Uint8Array(UNIT_BYTES)
  unit.set(bytes)
  return unit
}
