import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { guest } from '../../../e2e/guests/guests.ts'
import { altered, testTabs } from '../../node/test-processes.ts'
import { builtActorWorker } from '../../node/test-worker.ts'
import { installErrorTransfer } from '../worker/comlink-errors.ts'

const { makeTab, endTabs } = testTabs(() => worker.script)
let worker: Awaited<ReturnType<typeof builtActorWorker>>

beforeAll(async () => {
  installErrorTransfer()
  await Promise.all((['files'] as const).map(guest))
  worker = await builtActorWorker()
})
afterEach(endTabs)
afterAll(() => worker.remove())

test('files outlive a trap, a swap and an undone kill', async () => {
  const { table, call } = makeTab()
  const pid = await table.spawn(await guest('files'), {})
  const other = await table.spawn(await guest('files'), {})
  expect(await call(pid, 'keep')).toBe('')
  const kept = { entries: [{ path: 'k', kind: 'file', bytes: 0 }], totalBytes: 0 }
  expect(await table.files.list(pid)).toMatchObject(kept)
  expect(await call(pid, 'raise')).toBe('ERR_TRAPPED')
  await table.swap(pid, altered(await guest('files')))
  await table.undoKill(await table.kill(pid))
  expect(await call(pid, 'numbers')).toBe('')
  expect(await table.files.list(pid)).toMatchObject(kept)
  expect(await table.files.list(other)).toEqual({ entries: [], totalBytes: 0 })
  expect((await table.files.export(pid)).size).toBe(3 * 512)
})
