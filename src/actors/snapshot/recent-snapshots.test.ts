import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changesOf, type Parts, snapshotIn } from './history.ts'
import { RecentSnapshots } from './recent-snapshots.ts'
import type { Checkpoint, Pack } from './snapshot.ts'

const MiB = 1024 * 1024
const PID = 'a process'

/** A store of one process, of which a thread reads what it has written itself and what others have. */
class Place {
  readonly recent = new RecentSnapshots()
  readonly #kept = new Map<number, unknown>()
  /** Parts that were read, other than the history. */
  reads = 0
  #packs: number[] = []
  #lastPack = 0
  #at = 0

  readonly parts: Parts = {
    get: async (part) => {
      if (Number.isInteger(part)) this.reads += 1
      return structuredClone(this.#kept.get(part))
    },
    numbers: async (first, last) => [...this.#kept.keys()].filter((part) => part >= first && part <= last),
  }

  async put(how: { isWhole: boolean; drops: number; isOthers: boolean }, size = 3): Promise<void> {
    if (how.isWhole) this.#lastPack = 0
    const dropped = how.isWhole ? this.#packs : this.#packs.slice(0, how.drops)
    const id = ++this.#lastPack
    const pack: Pack = { id, hashes: new Uint8Array(32), bytes: new Uint8Array(size).fill(++this.#at) }
    this.#packs = [...this.#packs.filter((one) => !dropped.includes(one)), id]
    const snapshot = { messages: this.#at, memoryBytes: size, files: [] }
    const checkpoint = { snapshot, packs: [pack], dropped: how.isWhole ? 'all' : dropped } as unknown as Checkpoint
    const { before, last, puts, gone } = await changesOf(this.parts, checkpoint, this.#at)
    for (const part of gone) this.#kept.delete(part)
    for (const [part, value] of puts) this.#kept.set(part, structuredClone(value))
    if (!how.isOthers) this.recent.stored(PID, { before, last }, checkpoint)
  }

  drop(): void {
    this.#kept.clear()
    this.#packs = []
    this.#lastPack = 0
  }
}

test('what is at hand is what the store has, whoever wrote or deleted it', async () => {
  const step = fc.oneof(
    fc.record({ isWhole: fc.boolean(), drops: fc.nat(3), isOthers: fc.boolean() }),
    fc.constant('drop' as const),
    fc.constant('read' as const),
  )
  const check = async (steps: readonly ('drop' | 'read' | Parameters<Place['put']>[0])[]): Promise<void> => {
    const place = new Place()
    for (const [i, each] of steps.entries()) {
      if (each === 'drop') place.drop()
      // The first checkpoint of a process is whole.
      else if (each !== 'read') await place.put(i === 0 ? { ...each, isWhole: true } : each)
      if (each !== 'read' && i % 3 !== 0) continue
      expect(await place.recent.read(PID, place.parts)).toEqual(await snapshotIn(place.parts))
    }
  }
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 14 }), check), { numRuns: 1_000 })
})

test('what this thread has stored is not read from the store, and who gets it may give it away', async () => {
  const place = new Place()
  await place.put({ isWhole: true, drops: 0, isOthers: false })
  await place.put({ isWhole: false, drops: 0, isOthers: false })
  const wanted = await snapshotIn(place.parts)
  place.reads = 0
  const given = await place.recent.read(PID, place.parts)
  expect(given).toEqual(wanted)
  structuredClone(given?.packs, { transfer: given?.packs.map(({ bytes }) => bytes.buffer) ?? [] })
  expect(await place.recent.read(PID, place.parts)).toEqual(wanted)
  expect(place.reads).toBe(0)
})

test('at most 32 MiB are at hand, and what was used last stays', async () => {
  const place = new Place()
  await place.put({ isWhole: true, drops: 0, isOthers: false }, 20 * MiB)
  const isRead = async (): Promise<boolean> => {
    place.reads = 0
    await place.recent.read(PID, place.parts)
    return place.reads > 0
  }
  expect(await isRead()).toBe(false)
  const other = { id: 1, at: 1, messages: 1, memoryBytes: 1, generation: 1, lastPack: 1 }
  const pack = { id: 1, hashes: new Uint8Array(), bytes: new Uint8Array(20 * MiB) }
  const checkpoint = { snapshot: {}, packs: [pack], dropped: 'all' } as unknown as Checkpoint
  place.recent.stored('another', { before: undefined, last: other }, checkpoint)
  expect(await isRead()).toBe(true)
  await place.put({ isWhole: true, drops: 0, isOthers: false }, 33 * MiB)
  expect(await isRead()).toBe(true)
})
