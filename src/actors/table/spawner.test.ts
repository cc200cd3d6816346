import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { bad } from '../../../e2e/guests/bad.ts'
import { guest } from '../../../e2e/guests/guests.ts'
import { testTabs } from '../../node/test-processes.ts'
import { builtActorWorker } from '../../node/test-worker.ts'
import { installErrorTransfer } from '../worker/comlink-errors.ts'
import { MemoryStore } from './test-store.ts'

const { makeTab, endTabs } = testTabs(() => worker.script)
let worker: Awaited<ReturnType<typeof builtActorWorker>>

beforeAll(async () => {
  installErrorTransfer()
  await Promise.all((['trouble', 'diary'] as const).map(guest))
  worker = await builtActorWorker()
})
afterEach(endTabs)
afterAll(() => worker.remove())

test('whenever the peer is killed, a process that another one makes is kept with its ties, or not at all', async () => {
  const store = new MemoryStore()
  const { table, entry } = makeTab(store)
  const parent = await table.spawn(await guest('diary'), { policy: { spawn: true } })
  const other = await table.spawn(await guest('diary'), {})
  await store.settled()
  // The record of the parent is being written when the child is kept.
  table.links.link(parent, other)
  const child = await table.spawn(await guest('trouble'), {}, { birth: { parent, link: true, watch: 'note' } })
  await store.settled()
  const withChild = store.moments.filter((records) => records.has(child))
  expect(withChild.length).toBeGreaterThan(0)
  for (const records of withChild) {
    expect(records.get(child)).toMatchObject({ parent, links: [parent] })
    expect(records.get(parent)).toMatchObject({ links: [other, child], watches: [{ watched: child, method: 'note' }] })
  }
  expect(entry(parent).record).toMatchObject({ links: [other, child], watches: [{ watched: child }] })
})

test('a process that does not start leaves its maker without ties to it, and untouched', async () => {
  const store = new MemoryStore()
  const { table, call, entry } = makeTab(store)
  const parent = await table.spawn(await guest('diary'), { policy: { spawn: true } })
  await call(parent, 'note', 'a')
  const birth = { parent, link: true, watch: 'note' }
  await expect(table.spawn(bad.startTraps.bytes, {}, { birth })).rejects.toMatchObject({ code: 'ERR_START' })
  await expect(table.spawn(await guest('trouble'), {}, { birth, signal: AbortSignal.abort() })).rejects.toMatchObject({
    name: 'AbortError',
  })
  await store.settled()
  expect(await call(parent, 'recall')).toBe('a\n')
  expect(entry(parent).record).toMatchObject({ links: [], watches: [] })
  expect([...store.records.values()]).toMatchObject([{ pid: parent, links: [], watches: [] }])
})
