import { expect, test } from 'vitest'
import { changesOf, type Parts, snapshotIn, snapshotsIn } from './history.ts'
import type { Checkpoint } from './snapshot.ts'

const MiB = 1024 * 1024

test('what is kept only for earlier snapshots takes so much memory and no more', async () => {
  const kept = new Map<number, unknown>()
  const parts: Parts = {
    get: async (part) => kept.get(part),
    numbers: async (first, last) => [...kept.keys()].filter((part) => part >= first && part <= last),
  }
  for (let n = 1; n <= 8; n++) {
    // Only its length is looked at.
    const pack = { id: 1, bytes: { byteLength: 30 * MiB } }
    const checkpoint = { snapshot: { messages: n }, packs: [pack], dropped: 'all' } as unknown as Checkpoint
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { puts, gone } = await changesOf(parts, checkpoint, n)
    for (const part of gone) kept.delete(part)
    for (const [part, value] of puts) kept.set(part, value)
  }
  expect((await snapshotsIn(parts)).map(({ messages }) => messages)).toEqual([8, 7, 6])
  expect((await snapshotIn(parts))?.packs).toHaveLength(1)
  // The history, and a snapshot and a pack each.
  expect(kept.size).toBe(7)
})
