import { expect, test } from 'vitest'
import { changesOf, type Parts, snapshotIn, snapshotsIn } from './history.ts'
import type { Checkpoint } from './snapshot.ts'

const MiB = 1024 * 1024

/** A store that keeps nothing but these parts. */
function makeParts(kept: Map<number, unknown>) {
  const parts: Parts = {
    get: async (part) => kept.get(part),
    numbers: async (first, last) => [...kept.keys()].filter((part) => part >= first && part <= last),
  }
  const put = async (checkpoint: object, at: number): Promise<void> => {
    const { puts, gone } = await changesOf(parts, checkpoint as Checkpoint, at)
    for (const part of gone) kept.delete(part)
    for (const [part, value] of puts) kept.set(part, value)
  }
  const packsOf = async (id?: number): Promise<number[] | undefined> =>
    (await snapshotIn(parts, id))?.packs.map((pack) => pack.id)
  return { parts, put, packsOf }
}

test('a snapshot without a history, as of an archive or an earlier version, is gone on from and gone back to', async () => {
  const pack = (id: number) => ({ id, bytes: new Uint8Array([id]) })
  const kept = new Map<number, unknown>([
    [0, { messages: 7, memoryBytes: 65_536 }],
    [1, pack(1)],
    [3, pack(3)],
  ])
  const { parts, put, packsOf } = makeParts(kept)
  expect(await packsOf()).toEqual([1, 3])
  await put({ snapshot: { messages: 8 }, packs: [pack(4)], dropped: [3] }, 1)
  expect(await packsOf()).toEqual([1, 4])
  const [, before] = await snapshotsIn(parts)
  expect(before).toMatchObject({ messages: 7 })
  expect(await packsOf(before?.id)).toEqual([1, 3])
  expect((await snapshotIn(parts, before?.id))?.snapshot.messages).toBe(7)
})

test('what is kept only for earlier snapshots takes so much memory and no more', async () => {
  const kept = new Map<number, unknown>()
  const { parts, put } = makeParts(kept)
  for (let n = 1; n <= 8; n++) {
    // Only its length is looked at.
    const pack = { id: 1, bytes: { byteLength: 30 * MiB } }
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await put({ snapshot: { messages: n }, packs: [pack], dropped: 'all' }, n)
  }
  expect((await snapshotsIn(parts)).map(({ messages }) => messages)).toEqual([8, 7, 6])
  expect((await snapshotIn(parts))?.packs).toHaveLength(1)
  // The history, and a snapshot and a pack each.
  expect(kept.size).toBe(7)
})
