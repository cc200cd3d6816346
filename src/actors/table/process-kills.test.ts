import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { guest } from '../../../e2e/guests/guests.ts'
import { GliaError } from '../../glia/errors.ts'
import { processOf } from '../../glia/instance-key.ts'
import { altered, testTabs } from '../../node/test-processes.ts'
import { builtActorWorker } from '../../node/test-worker.ts'
import { installErrorTransfer } from '../worker/comlink-errors.ts'
import type { ProcessEntry } from './process-entry.ts'
import { MemoryStore } from './test-store.ts'

const { makeTab, reload, endTabs } = testTabs(() => worker.script)
let worker: Awaited<ReturnType<typeof builtActorWorker>>

beforeAll(async () => {
  installErrorTransfer()
  await Promise.all((['trouble', 'greedy', 'diary', 'files', 'ledger'] as const).map(guest))
  worker = await builtActorWorker()
})
afterEach(endTabs)
afterAll(() => worker.remove())

test('a process comes back after its kill was undone', async () => {
  const { table, call } = makeTab()
  const pid = await table.spawn(await guest('trouble'), {})
  const killed = await table.kill(pid)
  expect(await call(pid, 'count')).toBe('ERR_NO_PROC')
  await table.undoKill(killed)
  expect(await call(pid, 'count')).toBe('1')
})

test('an undone kill brings back what others had with the process', async () => {
  const { table, entry } = makeTab()
  const [a, b] = [await table.spawn(await guest('diary'), {}), await table.spawn(await guest('greedy'), {})]
  table.links.watch(a, b, 'note')
  table.links.watch(b, a, 'which')
  table.links.link(a, b)
  const before = [entry(a).record, entry(b).record].map(({ watches, links }) => ({ watches, links }))
  const killed = await table.kill(b)
  expect(entry(a).record).toMatchObject({ watches: [], links: [] })
  await table.undoKill(killed)
  expect([entry(a).record, entry(b).record]).toMatchObject(before)
  const again = await table.kill(b)
  await table.kill(a)
  await table.undoKill(again)
  expect(entry(b).record).toMatchObject({ watches: [], links: [] })
})

test('a kill whose files could not be read says so when it is undone', async () => {
  const store = new MemoryStore()
  const { table, call, entry } = makeTab(store)
  const pid = await table.spawn(await guest('files'), {})
  await call(pid, 'keep')
  await store.settled()
  store.isBroken = true
  const killed = await table.kill(pid)
  store.isBroken = false
  await table.undoKill(killed)
  expect(entry(pid).log.lines.map(({ text }) => text)).toContainEqual(expect.stringMatching(/could not be read.*gone/))
})

/** PIDs of what a store has, of processes and of keys. */
function pidsIn({ records, kept, memories, keyRecords }: MemoryStore): Set<string> {
  return new Set([records, kept, memories, keyRecords].flatMap((map) => [...map.keys()]).map(processOf))
}

test('an undone kill brings back all keys, with what they had in memory and under /data', async () => {
  const store = new MemoryStore()
  // Two live, so that others are in the store alone.
  let tab = makeTab(store, 2)
  const counter = await tab.table.spawn(await guest('trouble'), { key: true })
  const book = await tab.table.spawn(await guest('ledger'), { key: true })
  for (const key of ['a', 'b', 'c']) expect(await tab.call(`${counter}:${key}`, 'count')).toBe('1')
  expect(await tab.call(`${counter}:c`, 'count')).toBe('2')
  expect(await tab.call(`${book}:a`, 'once')).toBe('0')
  const killed = await Promise.all([counter, book].map((pid) => tab.table.kill(pid, true)))
  expect(killed.map(({ isHidden }) => isHidden)).toEqual([true, true])
  expect(await tab.call(`${counter}:a`, 'count')).toBe('ERR_NO_PROC')
  await Promise.all(killed.map((each) => tab.table.undoKill(each)))
  expect((await tab.table.keys(counter)).total).toBe(3)
  for (const key of ['a', 'b']) expect(await tab.call(`${counter}:${key}`, 'count')).toBe('2')
  expect(await tab.call(`${counter}:c`, 'count')).toBe('3')
  expect(await tab.call(`${book}:a`, 'count')).toBe('1')
  for (const each of killed) {
    await expect(tab.table.undoKill(each)).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
  }
  tab = await reload(tab, store, 2)
  expect(await tab.call(`${counter}:c`, 'count')).toBe('4')
})

test('an undone kill brings back what a durable process had in memory, also what was not stored yet', async () => {
  const store = new MemoryStore()
  const { table, call } = makeTab(store)
  const pid = await table.spawn(await guest('trouble'), { policy: { memory: 'durable' } })
  for (const count of ['1', '2', '3']) expect(await call(pid, 'count')).toBe(count)
  const killed = await table.kill(pid, true)
  await table.undoKill(killed)
  expect(await call(pid, 'count')).toBe('4')
})

test('a killed process is gone for good with its page, whether that is closed or crashes', async () => {
  const store = new MemoryStore()
  const spawned = async (tab: ReturnType<typeof makeTab>): Promise<string> => {
    const pid = await tab.table.spawn(await guest('ledger'), { key: true })
    expect(await tab.call(`${pid}:a`, 'once')).toBe('0')
    await tab.table.checkpoint(`${pid}:a`)
    return pid
  }
  const first = makeTab(store)
  const closed = await spawned(first)
  await first.table.kill(closed, true)
  expect(pidsIn(store)).toContain(closed)
  const second = await reload(first, store)
  expect(pidsIn(store)).not.toContain(closed)
  const crashed = await spawned(second)
  await second.table.kill(crashed, true)
  const third = makeTab(store)
  await third.table.restore()
  expect(third.table.entryOf(crashed)).toBeUndefined()
  await store.settled()
  expect(pidsIn(store)).not.toContain(crashed)
})

test('the last 64 kills can be undone, and one before them says that it cannot', async () => {
  const store = new MemoryStore()
  const { table } = makeTab(store)
  const module = await guest('ledger')
  const pids: string[] = []
  for (let i = 0; i < 65; i++) pids.push(await table.spawn(module, { name: `p${i}`, key: true }))
  const killed = []
  for (const pid of pids) killed.push(await table.kill(pid, true))
  const [oldest, next] = killed
  if (!oldest || !next) throw new Error('nothing was killed')
  await expect(table.undoKill(oldest)).rejects.toThrow(/p0 cannot come back: only the last 64 kills/)
  expect(pidsIn(store)).not.toContain(pids[0])
  await table.undoKill(next)
  expect(table.entryOf(pids[1] ?? '')?.record.name).toBe('p1')
}, 60_000)

test('a kill that the store refuses to keep is undone with the files, as far as the page has them', async () => {
  const store = new MemoryStore()
  const { table, call } = makeTab(store)
  const pid = await table.spawn(await guest('trouble'), { policy: { memory: 'durable' } })
  expect(await call(pid, 'count')).toBe('1')
  await table.checkpoint(pid)
  store.isFull = true
  const killed = await table.kill(pid, true)
  expect(killed.isHidden).toBeUndefined()
  store.isFull = false
  await table.undoKill(killed)
  expect(await call(pid, 'count')).toBe('1')
})

test('a process that is killed twice at once is killed once, and brought back once', async () => {
  const store = new MemoryStore()
  const tab = makeTab(store)
  const { table } = tab
  const pid = await table.spawn(await guest('trouble'), {})
  await table.swap(pid, altered(await guest('trouble')))
  const [killed, again] = await Promise.all([table.kill(pid), table.kill(pid)])
  await expect(table.kill(pid)).rejects.toMatchObject({ code: 'ERR_NO_PROC' })
  await table.undoKill(killed)
  await expect(table.undoKill(again)).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
  await store.settled()
  expect(store.records.has(pid)).toBe(true)
  const next = await reload(tab, store)
  expect(await next.call(pid, 'count')).toBe('1')
  await next.table.swapBack(pid)
  expect(await next.call(pid, 'count')).toBe('1')
})

/** Lets a write of a store wait. @returns when it has begun, and what makes it fail. */
function failLater(
  store: MemoryStore,
  name: 'putProcesses' | 'putKey' | 'putCheckpoint' | 'changeFiles',
): { begun: Promise<void>; fail(): void } {
  const [begun, writing] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  store[name] = () => {
    begun.resolve()
    return writing.promise
  }
  return { begun: begun.promise, fail: () => writing.reject(new GliaError('ERR_STORAGE', 'It is full.')) }
}

function errorsOf({ log, lastError }: ProcessEntry): unknown[] {
  return [...log.lines.filter(({ source }) => source === 'error'), ...(lastError ? [lastError] : [])]
}

describe('a write that fails when its process is killed is no failure of the process', () => {
  test('if it was of the record', async () => {
    const store = new MemoryStore()
    const { table, entry } = makeTab(store)
    const [pid, other] = [await table.spawn(await guest('trouble'), {}), await table.spawn(await guest('diary'), {})]
    const killed = entry(pid)
    const { begun, fail } = failLater(store, 'putProcesses')
    table.links.link(pid, other)
    await begun
    await table.kill(pid)
    fail()
    await store.settled()
    expect(errorsOf(killed)).toEqual([])
  })

  test('if it was of its files', async () => {
    const store = new MemoryStore()
    const { table, call, entry } = makeTab(store)
    const pid = await table.spawn(await guest('files'), {})
    const killed = entry(pid)
    const { begun, fail } = failLater(store, 'changeFiles')
    await call(pid, 'keep')
    await begun
    await table.kill(pid)
    fail()
    await store.settled()
    expect(errorsOf(killed)).toEqual([])
  })

  test.each(['putKey', 'putCheckpoint'] as const)(
    'if it was %s of a key, whose message is told of the kill',
    async (name) => {
      const store = new MemoryStore()
      const { table, call, entry } = makeTab(store)
      const pid = await table.spawn(await guest('trouble'), { key: true, policy: { durable: 'before-reply' } })
      const { begun, fail } = failLater(store, name)
      const answer = call(`${pid}:a`, 'count')
      await begun
      const killing = table.kill(`${pid}:a`)
      await expect.poll(() => entry(pid).keys?.entries).toEqual([])
      fail()
      await killing.catch(() => undefined)
      expect(await answer).toBe('ERR_PROC_STOPPED')
      await store.settled()
      expect(errorsOf(entry(pid))).toEqual([])
    },
  )
})
