import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { guest } from '../../../e2e/guests/guests.ts'
import { GliaError } from '../../glia/errors.ts'
import { altered, testTabs } from '../../node/test-processes.ts'
import { builtActorWorker } from '../../node/test-worker.ts'
import { installErrorTransfer } from '../worker/comlink-errors.ts'
import type { ProcessEntry } from './process-entry.ts'
import { MemoryStore } from './test-store.ts'

const { makeTab, reload, endTabs } = testTabs(() => worker.script)
let worker: Awaited<ReturnType<typeof builtActorWorker>>

beforeAll(async () => {
  installErrorTransfer()
  await Promise.all((['trouble', 'greedy', 'diary', 'files'] as const).map(guest))
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
