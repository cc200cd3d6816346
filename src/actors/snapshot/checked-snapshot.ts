import { sha256 } from '../module/sha256.ts'
import { readSnapshot } from './read-snapshot.ts'
import { bad, HASH_BYTES, hashKey, type Pack, readPack, UNIT_BYTES, type WholeSnapshot } from './snapshot.ts'

/** Units that are hashed at once. */
const BATCH = 256

/**
 * A snapshot with its units, from a file or from an earlier page, which may have been of another version.
 * @throws {GliaError} ERR_BAD_SNAPSHOT that says what is wrong with it.
 */
export async function checkedSnapshot({
  snapshot,
  packs,
}: {
  snapshot: unknown
  packs: readonly unknown[]
}): Promise<WholeSnapshot> {
  const whole = { snapshot: readSnapshot(snapshot), packs: packs.map(readPack) }
  await checkUnits(whole)
  return whole
}

/** Every unit has the content that its hash says, and every hash that is needed has a unit. */
async function checkUnits({ snapshot, packs }: WholeSnapshot): Promise<void> {
  const there = new Set<string>()
  for (const pack of packs) {
    for (let from = 0; from * HASH_BYTES < pack.hashes.length; from += BATCH) {
      // oxlint-disable-next-line no-await-in-loop -- all at once would take as much memory again
      for (const key of await checkedBatch(pack, from)) there.add(key)
    }
  }
  const needed = [snapshot.memory, ...snapshot.files.flatMap((node) => (node.kind === 'file' ? [node.units] : []))]
  for (const hashes of needed) {
    for (let unit = 0; unit * HASH_BYTES < hashes.length; unit++) {
      const isZero = hashes.subarray(unit * HASH_BYTES, (unit + 1) * HASH_BYTES).every((byte) => byte === 0)
      if (!isZero && !there.has(hashKey(hashes, unit))) throw bad('a part of it is missing')
    }
  }
}

function checkedBatch({ hashes, bytes }: Pack, from: number): Promise<string[]> {
  const count = Math.min(BATCH, hashes.length / HASH_BYTES - from)
  const each = Array.from({ length: count }, async (_, i) => {
    const unit = from + i
    const key = hashKey(await sha256(bytes.slice(unit * UNIT_BYTES, (unit + 1) * UNIT_BYTES)), 0)
    if (key !== hashKey(hashes, unit)) throw bad('a part of it is damaged')
    return key
  })
  return Promise.all(each)
}
