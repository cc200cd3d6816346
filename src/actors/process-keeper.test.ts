import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { guest } from '../../e2e/guests/guests.ts'
import { altered, makeProcesses, type TestProcesses } from '../node/test-processes.ts'
import { builtActorWorker } from '../node/test-worker.ts'
import { installErrorTransfer } from './comlink-errors.ts'
import { MemoryStore } from './test-store.ts'

const tabs: TestProcesses[] = []
let worker: Awaited<ReturnType<typeof builtActorWorker>>

beforeAll(async () => {
  installErrorTransfer()
  await Promise.all((['trouble', 'greedy', 'diary', 'files'] as const).map(guest))
  worker = await builtActorWorker()
})
afterEach(() => {
  for (const { table } of tabs.splice(0)) for (const { proc } of table.entries) proc.kill()
})
afterAll(() => worker.remove())

/** A tab that keeps its processes, and one that comes after it. */
function makeTab(store = new MemoryStore()) {
  const open = (): TestProcesses => {
    const tab = makeProcesses({ script: worker.script, store })
    tabs.push(tab)
    return tab
  }
  const reload = async (): Promise<TestProcesses> => {
    await store.settled()
    const tab = open()
    await tab.table.restore()
    return tab
  }
  return { ...open(), store, reload }
}

test('a process comes back with the next page, cold, with its version before and its files', async () => {
  const { table, call, reload } = makeTab()
  const old = await guest('files')
  const pid = await table.spawn(old, { name: 'f' })
  expect(await call(pid, 'keep')).toBe('')
  await table.swap(pid, altered(old))
  const next = await reload()
  expect(next.entry(pid).record).toMatchObject({ name: 'f', previous: { moduleBytes: old.length } })
  expect(next.entry(pid).proc.state).toBe('cold')
  expect((await next.table.listFiles(pid)).entries).toMatchObject([{ path: 'k' }])
  await next.table.swapBack(pid)
  expect(next.entry(pid).record.moduleBytes).toBe(old.length)
})

test('one that was killed does not, and leaves nothing behind', async () => {
  const { table, call, store, reload } = makeTab()
  const pid = await table.spawn(await guest('files'), {})
  await call(pid, 'keep')
  await table.kill(pid)
  expect((await reload()).table.entries).toEqual([])
  expect([store.records.size, store.modules.size, store.kept.size]).toEqual([0, 0, 0])
})
