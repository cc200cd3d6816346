import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { bad, good } from '../../../e2e/guests/bad.ts'
import { guest } from '../../../e2e/guests/guests.ts'
import { altered, makeProcesses, type TestProcesses } from '../../node/test-processes.ts'
import { builtActorWorker } from '../../node/test-worker.ts'
import { GliaError } from '../../glia/errors.ts'
import { installErrorTransfer } from '../worker/comlink-errors.ts'
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

/** A tab that keeps its processes, and the tab that comes after it. */
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
  expect((await next.table.files.list(pid)).entries).toMatchObject([{ path: 'k' }])
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

for (const when of ['before', 'after'] as const) {
  test(`one that does not start leaves nothing behind, kept ${when} its start fails`, async () => {
    const { table, store, reload } = makeTab()
    const put = store.putProcesses.bind(store)
    const keep = Promise.withResolvers<void>()
    const puts: Promise<void>[] = []
    store.putProcesses = (...given) => {
      const done = when === 'after' ? keep.promise.then(() => put(...given)) : put(...given)
      puts.push(done)
      return done
    }
    await expect(table.spawn(bad.startTraps.bytes, {})).rejects.toMatchObject({ code: 'ERR_START' })
    keep.resolve()
    await Promise.all(puts)
    expect((await reload()).table.entries).toEqual([])
    expect(puts).not.toEqual([])
    expect([store.records.size, store.modules.size]).toEqual([0, 0])
  })
}

test('a process that has ended for good keeps its files for as long as the page, whatever is saved of it', async () => {
  const { table, call, entry, store, reload } = makeTab()
  const pid = await table.spawn(await guest('files'), { restart: 'temporary' })
  const other = await table.spawn(good, {})
  table.links.link(pid, other)
  await call(pid, 'keep')
  expect(await call(pid, 'raise')).toBe('ERR_TRAPPED')
  await store.settled()
  expect(store.records.has(pid)).toBe(false)
  table.links.unlink(pid, other)
  await store.settled()
  expect(store.records.has(pid)).toBe(false)
  expect((await table.files.list(pid)).entries).toMatchObject([{ path: 'k' }])
  expect((await entry(pid).files.entries()).length).toBe(1)
  expect((await reload()).table.get(pid)).toBeUndefined()
})

test('one that ends while it is being saved is not kept, nor its files lost', async () => {
  const { table, call, entry, store } = makeTab()
  const pid = await table.spawn(await guest('files'), { restart: 'temporary' })
  const other = await table.spawn(good, {})
  await call(pid, 'keep')
  table.links.link(pid, other)
  entry(pid).proc.signal({ type: 'linked', pid: other, message: 'linked' }, true)
  expect(entry(pid).proc.state).toBe('dead')
  await store.settled()
  expect(store.records.has(pid)).toBe(false)
  expect((await entry(pid).files.entries()).length).toBe(1)
  await table.restart(pid)
  await store.settled()
  expect([store.records.has(pid), store.kept.get(pid)?.size]).toEqual([true, 1])
  expect(await call(pid, 'keep')).not.toMatch(/ERR/)
})

test('a process that has ended for good comes back with both versions of its module', async () => {
  const { table, call, entry, store, reload } = makeTab()
  const pid = await table.spawn(await guest('trouble'), { restart: 'transient' })
  await table.swap(pid, altered(await guest('trouble')))
  const { cid, previous } = entry(pid).record
  expect(await call(pid, 'exit0')).toBe('bye')
  await store.settled()
  expect(store.modules.size).toBe(0)
  await table.swapBack(pid)
  expect(entry(pid).record).toMatchObject({ cid: previous?.cid, previous: { cid } })
  const next = await reload()
  expect(await next.call(pid, 'count')).toBe('1')
  await next.table.swapBack(pid)
  expect(await next.call(pid, 'count')).toBe('1')
})

test('a process that ends for good while its restart waits is kept, and lives', async () => {
  const { table, call, entry, store } = makeTab()
  const pid = await table.spawn(await guest('files'), { restart: 'temporary' })
  await call(pid, 'keep')
  const ending = call(pid, 'raise')
  await expect.poll(() => entry(pid).proc.state).toBe('busy')
  const restarting = table.restart(pid)
  await ending
  await restarting
  expect(await call(pid, 'keep')).not.toMatch(/ERR/)
  await store.settled()
  expect([store.records.has(pid), store.records.get(pid)?.dead, store.kept.get(pid)?.size]).toEqual([
    true,
    undefined,
    1,
  ])
})

test('a swap that fails leaves a process that has ended for good forgotten', async () => {
  const { table, call, entry, store } = makeTab()
  const pid = await table.spawn(await guest('trouble'), { restart: 'transient' })
  await call(pid, 'exit0')
  await expect(table.swap(pid, bad.initializeTraps.bytes)).rejects.toMatchObject({ code: 'ERR_START' })
  await store.settled()
  expect([entry(pid).proc.state, store.records.has(pid), store.modules.size]).toEqual(['dead', false, 0])
  await table.restart(pid)
  expect(await call(pid, 'count')).toBe('1')
})

test('files that cannot be read are not deleted when their process ends for good: it comes back, dead', async () => {
  const { table, call, store, reload } = makeTab()
  const pid = await table.spawn(await guest('files'), { restart: 'temporary' })
  await call(pid, 'keep')
  await store.settled()
  store.isBroken = true
  expect(await call(pid, 'raise')).toBe('ERR_TRAPPED')
  await store.settled()
  store.isBroken = false
  const next = await reload()
  expect(next.entry(pid).proc.state).toBe('dead')
  expect((await next.table.files.list(pid)).entries).toMatchObject([{ path: 'k' }])
})

test('files that cannot be read are not deleted either when their process ends while it is being saved', async () => {
  const { table, call, entry, store, reload } = makeTab()
  const pid = await table.spawn(await guest('files'), { restart: 'temporary' })
  const other = await table.spawn(good, {})
  await call(pid, 'keep')
  await store.settled()
  store.isBroken = true
  table.links.link(pid, other)
  entry(pid).proc.signal({ type: 'linked', pid: other, message: 'linked' }, true)
  await store.settled()
  store.isBroken = false
  const next = await reload()
  expect(next.entry(pid).proc.state).toBe('dead')
  expect((await next.table.files.list(pid)).entries).toMatchObject([{ path: 'k' }])
})

test('one that has ended for good, and lives again when the store is full, says that it will not come back', async () => {
  const { table, call, entry, store } = makeTab()
  const pid = await table.spawn(await guest('trouble'), { restart: 'transient' })
  await call(pid, 'exit0')
  await store.settled()
  store.isFull = true
  await table.restart(pid)
  expect(entry(pid).persisted).toBe(false)
  expect(entry(pid).log.lines.map(({ text }) => text)).toContainEqual(expect.stringMatching(/will not come back/))
})

test('what happens to a process while it is kept for the first time is kept too', async () => {
  const store = new MemoryStore()
  const { table } = makeTab(store)
  const other = await table.spawn(good, {})
  const put = store.putProcesses.bind(store)
  store.putProcesses = (records, modules) => {
    const done = put(records, modules)
    for (const { pid } of modules ? records : []) table.links.link(pid, other)
    return done
  }
  const pid = await table.spawn(good, {})
  await store.settled()
  expect(store.records.get(pid)?.links).toEqual([other])
})

test('a process that the store could not take is stored as soon as it can be, with its module and its memory', async () => {
  const store = new MemoryStore()
  const { table, call, entry, reload } = makeTab(store)
  store.isFull = true
  const pid = await table.spawn(await guest('diary'), { policy: { memory: 'durable' } })
  expect(entry(pid).isKept).toBe(false)
  await call(pid, 'note', 'a')
  await store.settled()
  expect([store.records.size, store.modules.size, store.memories.size]).toEqual([0, 0, 0])
  // Not only the first time.
  await expect.poll(() => entry(pid).log.lines.length).toBeGreaterThan(0)
  store.isFull = false
  await expect.poll(() => entry(pid).isKept).toBe(true)
  await expect.poll(() => entry(pid).memory.isStored).toBe(true)
  expect(entry(pid).log.lines.map(({ text }) => text)).toContain('It is kept now.')
  const next = await reload()
  expect(await next.call(pid, 'recall')).toContain('a')
})

test('one that was killed before the store could take it is not stored', async () => {
  const store = new MemoryStore()
  const { table } = makeTab(store)
  store.isFull = true
  const [pid, other] = [await table.spawn(good, {}), await table.spawn(good, {})]
  await table.kill(pid)
  store.isFull = false
  await expect.poll(() => store.records.has(other)).toBe(true)
  expect(store.records.has(pid)).toBe(false)
})

test('a peer that stops gives the store once more what it could not take', async () => {
  const store = new MemoryStore()
  const { table, call, reload } = makeTab(store)
  store.isFull = true
  const pid = await table.spawn(await guest('diary'), { policy: { memory: 'durable' } })
  await call(pid, 'note', 'a')
  store.isFull = false
  await table.stop()
  const next = await reload()
  expect(await next.call(pid, 'recall')).toContain('a')
})

test('a swap that could not be stored keeps no memory beside the old module, and is stored later', async () => {
  const store = new MemoryStore()
  const { table, call, entry, reload } = makeTab(store)
  const old = await guest('diary')
  const pid = await table.spawn(old, { policy: { memory: 'durable' } })
  const before = entry(pid).record.cid
  const put = store.putProcesses.bind(store)
  // Only records are refused, as where a module is too large for what is left.
  store.putProcesses = async () => Promise.reject(new GliaError('ERR_STORAGE', 'It is full.'))
  await table.swap(pid, altered(old))
  expect([entry(pid).persisted, entry(pid).isKept]).toEqual([true, false])
  await call(pid, 'note', 'new')
  await expect(table.checkpoint(pid)).rejects.toMatchObject({ code: 'ERR_STORAGE' })
  await store.settled()
  expect([store.records.get(pid)?.cid, await store.snapshot(pid)]).toEqual([before, undefined])
  store.putProcesses = put
  await expect.poll(() => entry(pid).memory.isStored).toBe(true)
  expect([store.records.get(pid)?.cid, store.modules.size]).toEqual([entry(pid).record.cid, 2])
  const next = await reload()
  expect(await next.call(pid, 'recall')).toContain('new')
})

test('whatever stores the record after a swap that failed brings the new module along', async () => {
  const store = new MemoryStore()
  const { table, call, entry, reload } = makeTab(store)
  const old = await guest('diary')
  const pid = await table.spawn(old, {})
  store.isFull = true
  await table.swap(pid, altered(old))
  store.isFull = false
  await table.setPolicy(pid, { callers: 'anyone' })
  expect(entry(pid).isKept).toBe(true)
  const next = await reload()
  expect(next.entry(pid).record.cid).toBe(entry(pid).record.cid)
  expect(await next.call(pid, 'note', 'x')).toBe(await call(pid, 'note', 'x'))
})
