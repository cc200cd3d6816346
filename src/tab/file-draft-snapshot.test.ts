import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { guest } from '../../e2e/guests/guests.ts'
import { MemoryStore } from '../actors/table/test-store.ts'
import type { ProcessTable } from '../actors/table/process-table.ts'
import { installErrorTransfer } from '../actors/worker/comlink-errors.ts'
import { testTabs } from '../node/test-processes.ts'
import { builtActorWorker } from '../node/test-worker.ts'
import { newForm, readForm } from '../ui/spawn/spawn-form.ts'
import { FileDraft } from './file-draft.ts'

const NEVER = new AbortController().signal
let worker: Awaited<ReturnType<typeof builtActorWorker>>
let trouble: Uint8Array<ArrayBuffer>
const { makeTab, endTabs } = testTabs(() => worker.script)

beforeAll(async () => {
  installErrorTransfer()
  ;[worker, trouble] = await Promise.all([builtActorWorker(), guest('trouble')])
}, 60_000)
afterEach(endTabs)
afterAll(() => worker.remove())

/** A snapshot of a process, as a person gives it to the page. */
async function draftOf(table: ProcessTable, pid: string, fileName = 'diary-5.gliasnap'): Promise<FileDraft> {
  return new FileDraft(new File([await table.snapshot(pid)], fileName), Promise.resolve(table))
}

/** What a sheet says that nobody changed. */
function untouched(name: string) {
  const read = readForm(newForm(name))
  if ('errors' in read) throw new Error(JSON.stringify(read.errors))
  return read.options
}

test('a process of a snapshot goes on where the other was, with its arguments', async () => {
  const { table, call, entry } = makeTab(new MemoryStore())
  const pid = await table.spawn(trouble, { name: 'diary', args: ['x'], env: { A: 'b' } })
  expect([await call(pid, 'count'), await call(pid, 'count')]).toEqual(['1', '2'])
  const draft = await draftOf(table, pid)
  expect(draft.name).toBe('diary-5')
  await expect.poll(() => draft.step.value).toMatchObject({ stage: 'ready', snapshot: { hasKeys: false } })
  expect(draft.step.value).toMatchObject({ module: { cid: entry(pid).record.cid } })
  const made = await draft.spawn(untouched(draft.name), NEVER)
  expect(await call(made, 'count')).toBe('3')
  expect(entry(made).record).toMatchObject({ name: 'diary-5', args: ['x'], env: { A: 'b' } })
})

test('a process of a snapshot with keys has them, also with the policy that new processes begin with', async () => {
  const { table, call } = makeTab(new MemoryStore())
  const pid = await table.spawn(trouble, { key: true })
  expect([await call(`${pid}:a`, 'count'), await call(`${pid}:a`, 'count')]).toEqual(['1', '2'])
  const draft = await draftOf(table, pid)
  // Before it is read: the person does not wait.
  const made = await draft.spawn(untouched('copy'), NEVER)
  expect(draft.step.value).toMatchObject({ stage: 'ready', snapshot: { hasKeys: true } })
  expect(await call(`${made}:a`, 'count')).toBe('3')
})

test('a damaged snapshot says so, and a snapshot is no new version of a module', async () => {
  const { table, call } = makeTab(new MemoryStore())
  const pid = await table.spawn(trouble, {})
  await call(pid, 'count')
  const file = await table.snapshot(pid)
  const damaged = new FileDraft(new File([file.slice(0, -1)], 'a.gliasnap'), Promise.resolve(table))
  await expect.poll(() => damaged.step.value).toMatchObject({ stage: 'refused', error: { code: 'ERR_BAD_SNAPSHOT' } })
  const whole = await draftOf(table, pid)
  await expect(whole.swap(pid, NEVER)).rejects.toMatchObject({ code: 'ERR_BAD_MODULE' })
  expect(await call(pid, 'count')).toBe('2')
})
