import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { guest } from '../../../e2e/guests/guests.ts'
import { threadWorker } from '../../node/root/thread-worker.ts'
import { makeProcesses, testTabs, type TestProcesses, watchedWorkers } from '../../node/test-processes.ts'
import { builtActorWorker } from '../../node/test-worker.ts'
import { MemoryStore } from '../table/test-store.ts'
import { installErrorTransfer } from '../worker/comlink-errors.ts'
import { checkedSnapshot } from './checked-snapshot.ts'
import { type Left, RecentMemories } from './recent-memories.ts'
import { HASH_BYTES, UNIT_BYTES, type WholeSnapshot } from './snapshot.ts'

const MiB = 1024 * 1024
const DURABLE = { policy: { memory: 'durable' } } as const

/** Something of so many bytes that an instance left. @returns it, and whether it is held no more. */
function leftOf(bytes: number): Left & { isForgotten: boolean } {
  const pack = { id: 1, hashes: new Uint8Array((bytes / UNIT_BYTES) * HASH_BYTES), bytes: new Uint8Array(bytes) }
  const left = {
    whole: Promise.resolve({ packs: [pack] } as unknown as WholeSnapshot),
    isForgotten: false,
    forget: () => void (left.isForgotten = true),
  }
  return left
}

async function held(recent: RecentMemories, ...all: Left[]): Promise<void> {
  for (const left of all) {
    recent.hold(left)
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await left.whole
  }
  await Promise.resolve()
}

describe('what hibernated processes left', () => {
  test('is held up to 32 MiB, and what was left first goes first', async () => {
    const recent = new RecentMemories()
    const [a, b, c, used] = [leftOf(14 * MiB), leftOf(14 * MiB), leftOf(2 * MiB), leftOf(2 * MiB)]
    await held(recent, a, used, b, c)
    expect([a, b, c, used].map(({ isForgotten }) => isForgotten)).toEqual([false, false, false, false])
    recent.drop(used)
    await held(recent, leftOf(2 * MiB))
    expect(a.isForgotten).toBe(false)
    await held(recent, leftOf(UNIT_BYTES))
    expect([a, b, used].map(({ isForgotten }) => isForgotten)).toEqual([true, false, false])
    const large = leftOf(33 * MiB)
    await held(recent, large)
    expect([large, b].map(({ isForgotten }) => isForgotten)).toEqual([true, false])
  })

  test('is held for 32 processes', async () => {
    const recent = new RecentMemories()
    const all = Array.from({ length: 40 }, () => leftOf(UNIT_BYTES))
    await held(recent, ...all)
    expect(all.map(({ isForgotten }) => isForgotten)).toEqual(all.map((_, i) => i < 8))
  })

  test('is not asked for where it is too large, or many leave at once', async () => {
    const recent = new RecentMemories()
    expect([undefined, 16 * MiB, 16 * MiB + 1].map((bytes) => recent.wants(bytes))).toEqual([false, true, false])
    const leaving = Promise.withResolvers<undefined>()
    for (let i = 0; i < 8; i++) recent.hold({ whole: leaving.promise, forget: () => undefined })
    expect(recent.wants(MiB)).toBe(false)
    leaving.resolve(undefined)
    await expect.poll(() => recent.wants(MiB)).toBe(true)
  })
})

/** A store that counts how often a memory was read. */
class CountingStore extends MemoryStore {
  reads = 0

  override snapshot(pid: string, id?: number): Promise<WholeSnapshot | undefined> {
    this.reads += 1
    return super.snapshot(pid, id)
  }
}

let worker: Awaited<ReturnType<typeof builtActorWorker>>
const { makeTab, reload, endTabs } = testTabs(() => worker.script)
let keeper: Uint8Array<ArrayBuffer>

beforeAll(async () => {
  installErrorTransfer()
  keeper = (await guest('keeper')).slice()
  worker = await builtActorWorker()
}, 120_000)
afterEach(endTabs)
afterAll(() => worker.remove())

/** Makes an idle process give its place up, once what it has is stored. */
async function hibernate({ entry }: TestProcesses, pid: string): Promise<void> {
  const { proc, memory } = entry(pid)
  await expect.poll(() => memory.isStored).toBe(true)
  proc.evict()
  expect(proc.state).toBe('cold')
}

describe('a process that was hibernated a moment ago', () => {
  test('is woken without the store, and builds its checkpoints on what that has', async () => {
    const store = new CountingStore()
    let tab = makeTab(store)
    const pid = await tab.table.spawn(keeper, DURABLE)
    let notes = ''
    for (const [i, letter] of 'abcdefghij'.split('').entries()) {
      notes += letter
      const list = notes.split('').toReversed().join(' ')
      expect(await tab.call(pid, 'note', letter)).toBe(`${i + 1} ${list} | ${notes}`)
      // What is stored then has packs of which a part is needed, and some of which nothing is.
      if (i % 3 === 0) await tab.call(pid, 'fill')
      await hibernate(tab, pid)
      const whole = await store.snapshot(pid)
      expect(whole && (await checkedSnapshot(whole)).snapshot.messages).toBe(i + 1 + Math.floor(i / 3) + 1)
      if (i % 4 === 3) tab = await reload(tab, store)
    }
    // Its first start has found nothing, the two later pages have read it once, and this test each time.
    expect(store.reads).toBe(1 + 2 + 10)
  }, 30_000)

  test('is read from the store when its memory was used, or 32 others were hibernated since', async () => {
    const store = new CountingStore()
    const tab = makeTab(store)
    const pids: string[] = []
    for (let i = 0; i < 34; i++) {
      const pid = await tab.table.spawn(keeper, DURABLE)
      pids.push(pid)
      await tab.call(pid, 'note', String(i))
      await hibernate(tab, pid)
    }
    store.reads = 0
    await tab.entry(pids[33] ?? '').proc.warmUp()
    expect(store.reads).toBe(0)
    // Nothing has run since, so that there is nothing to be taken.
    tab.entry(pids[33] ?? '').proc.evict()
    expect(await tab.call(pids[33] ?? '', 'note')).toBe('1 33 | 33')
    expect(store.reads).toBe(1)
    expect(await tab.call(pids[0] ?? '', 'note')).toBe('1 0 | 0')
    expect(store.reads).toBe(2)
    expect(await tab.call(pids[5] ?? '', 'note')).toBe('1 5 | 5')
    expect(store.reads).toBe(2)
  }, 60_000)

  test('is read from the store when its worker does not give its memory', async () => {
    const store = new CountingStore()
    let isHeard = true
    const createWorker = async (): Promise<Worker> => {
      const made = threadWorker(worker.script)
      const listen = made.addEventListener.bind(made)
      const isFirst = isHeard
      made.addEventListener = (type: string, listener: (event: Event) => void) =>
        listen(type, (event: Event) => (isFirst && !isHeard ? undefined : listener(event)))
      return made
    }
    const tab = makeProcesses({ script: worker.script, store, createWorker })
    const pid = await tab.table.spawn(keeper, DURABLE)
    await tab.call(pid, 'note', 'a')
    await tab.table.checkpoint(pid)
    store.reads = 0
    isHeard = false
    await hibernate(tab, pid)
    expect(await tab.call(pid, 'note', 'b')).toBe('2 b a | ab')
    expect(store.reads).toBe(1)
    await tab.table.stop()
  })

  test('goes back to a snapshot, is restarted, or swapped, and has nothing of what it left', async () => {
    const tab = makeTab(new MemoryStore())
    const pid = await tab.table.spawn(keeper, DURABLE)
    await tab.call(pid, 'note', 'a')
    await tab.table.checkpoint(pid)
    await tab.call(pid, 'note', 'b')
    await hibernate(tab, pid)
    const [, first] = await tab.table.snapshots(pid)
    await tab.table.rewind(pid, first?.id ?? 0)
    expect(await tab.call(pid, 'note', 'c')).toBe('2 c a | ac')
    await hibernate(tab, pid)
    await tab.table.restart(pid)
    expect(await tab.call(pid, 'note', 'd')).toBe('1 d | d')
    await hibernate(tab, pid)
    await tab.table.swap(pid, keeper)
    expect(await tab.call(pid, 'note', 'e')).toBe('1 e | e')
    await hibernate(tab, pid)
    await tab.table.setPolicy(pid, { memory: 'resident' })
    expect(await tab.call(pid, 'note', 'f')).toBe('1 f | f')
  })

  test('gives the memory that it has as a file, and is woken all the same', async () => {
    const tab = makeTab(new MemoryStore())
    const pid = await tab.table.spawn(keeper, DURABLE)
    await tab.call(pid, 'note', 'a')
    await hibernate(tab, pid)
    const fork = await tab.table.spawnFrom(await tab.table.snapshot(pid), {})
    expect(await tab.call(fork, 'note', 'b')).toBe('2 b a | ab')
    expect(await tab.call(pid, 'note', 'c')).toBe('2 c a | ac')
  })

  test('leaves no worker when its peer is stopped', async () => {
    const { workers, createWorker } = watchedWorkers(() => worker.script)
    const live = (): number => workers.filter(({ ended }) => !ended).length
    const tab = makeProcesses({ script: worker.script, store: new MemoryStore(), createWorker })
    const pid = await tab.table.spawn(keeper, DURABLE)
    await tab.call(pid, 'note', 'a')
    await hibernate(tab, pid)
    expect(live()).toBe(1)
    await tab.table.stop()
    expect(live()).toBe(0)
  })

  test('is gone with its memory when it is killed while that leaves', async () => {
    const store = new MemoryStore()
    const tab = makeTab(store)
    const pid = await tab.table.spawn(keeper, DURABLE)
    await tab.call(pid, 'note', 'a')
    await hibernate(tab, pid)
    const answer = tab.call(pid, 'note', 'b')
    await tab.table.kill(pid)
    expect(['ERR_PROC_STOPPED', '2 b a | ab']).toContain(await answer)
    await store.settled()
    expect(store.memories.has(pid)).toBe(false)
    expect(() => tab.entry(pid)).toThrow(Error)
  })
})
