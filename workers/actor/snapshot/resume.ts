import {
  bad,
  HASH_BYTES,
  hashKey,
  type Pack,
  UNIT_BYTES,
  type WholeSnapshot,
  ZERO_KEY,
} from '../../../src/actors/snapshot/snapshot.ts'
import type { Directory } from '../files/directory.ts'
import type { Descriptor } from '../wasi/descriptor.ts'
import { WasiError } from '../wasi/wasi-error.ts'
import { LiveState, type LiveStateInit } from './live-state.ts'
import { putFiles, type PutFiles, reopened, type UnitsOf } from './put-files.ts'
import { StateTracker } from './state-tracker.ts'

const NS_PER_MS = 1e6

/** A snapshot that an instance is to go on from. */
export class Resuming {
  /** Its files; undefined if the guest has none. */
  readonly files: PutFiles | undefined
  readonly #whole: WholeSnapshot
  readonly #unitsOf: UnitsOf

  /**
   * @param fresh The `/` that a new instance would have.
   * @param limits Largest memory of its own files, in bytes, and what may be open.
   * @throws {GliaError} ERR_BAD_SNAPSHOT
   */
  constructor(
    whole: WholeSnapshot,
    {
      cid,
      fresh,
      limits,
    }: { cid: string; fresh: Directory | undefined; limits: { maxTmpBytes: number; maxOpen: number } },
  ) {
    const { snapshot, packs } = whole
    if (snapshot.cid !== cid) throw bad(`it is one of the module ${snapshot.cid}, and this process runs ${cid}`)
    if (snapshot.descriptors.some(({ fd }) => fd >= limits.maxOpen))
      throw bad('it has more files open than the process may have')
    this.#whole = whole
    this.#unitsOf = unitsIn(packs)
    const { files } = snapshot
    this.files =
      fresh && files.length > 0 ? orBad(() => putFiles(fresh, files, this.#unitsOf, limits.maxTmpBytes)) : undefined
  }

  /** Makes an instance of which nothing has run go on. @throws {GliaError} ERR_BAD_SNAPSHOT */
  begin(init: LiveStateInit): StateTracker {
    const { snapshot } = this.#whole
    const { clock, descriptors } = snapshot
    const { files } = this
    const state = new LiveState(init)
    state.fill(snapshot, this.#unitsOf)
    const open = new Map<number, Descriptor>()
    for (const one of descriptors)
      open.set(
        one.fd,
        orBad(() => reopened(one, files ?? { inodes: [] }, init.data)),
      )
    // Time has passed for the guest, too, unless the clock was set back.
    const passedMs = Math.max(0, Date.now() - clock.realtimeMs)
    init.wasi.resume(open, clock.monotonicNs + BigInt(Math.round(passedMs * NS_PER_MS)))
    const tracker = new StateTracker(state)
    tracker.resumed(this.#whole, files?.inodes ?? [])
    return tracker
  }
}

function unitsIn(packs: readonly Pack[]): UnitsOf {
  const units = new Map<string, Uint8Array>()
  for (const { hashes, bytes } of packs) {
    for (let unit = 0; unit * HASH_BYTES < hashes.length; unit++) {
      units.set(hashKey(hashes, unit), bytes.subarray(unit * UNIT_BYTES, (unit + 1) * UNIT_BYTES))
    }
  }
  return (hashes, unit) => {
    const key = hashKey(hashes, unit)
    if (key === ZERO_KEY) return undefined
    const found = units.get(key)
    if (!found) throw bad('a part of it is missing')
    return found
  }
}

/** What the files of an instance refuse is wrong with the snapshot. */
function orBad<T>(work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    throw thrown instanceof WasiError ? bad('its files do not fit together', thrown) : thrown
  }
}
