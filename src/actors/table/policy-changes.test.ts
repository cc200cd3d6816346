import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { guest } from '../../../e2e/guests/guests.ts'
import { OTHER } from '../../glia/test-peer.ts'
import { altered, makeProcesses, type TestProcesses } from '../../node/test-processes.ts'
import { builtActorWorker } from '../../node/test-worker.ts'
import { installErrorTransfer } from '../worker/comlink-errors.ts'
import { MemoryStore } from './test-store.ts'

const PAGE = 65_536
const tabs: TestProcesses[] = []
let worker: Awaited<ReturnType<typeof builtActorWorker>>

beforeAll(async () => {
  installErrorTransfer()
  await Promise.all((['trouble', 'greedy'] as const).map(guest))
  worker = await builtActorWorker()
})
afterEach(() => {
  for (const { table } of tabs.splice(0)) for (const { proc } of table.entries) proc.kill()
})
afterAll(() => worker.remove())

function makeTab(store = new MemoryStore()): TestProcesses & { store: MemoryStore } {
  const tab = makeProcesses({ script: worker.script, store })
  tabs.push(tab)
  return { ...tab, store }
}

describe('a policy that is changed', () => {
  test('counts at once for who may call, also for a message that waits', async () => {
    const { table, call, hold } = makeTab()
    const pid = await table.spawn(await guest('trouble'), {})
    expect(await call(pid, 'count', '', OTHER)).toBe('1')
    const release = await hold(pid)
    const waiting = call(pid, 'count', '', OTHER)
    await expect.poll(() => table.get(pid)?.waiting).toBe(1)
    expect(await table.setPolicy(pid, { callers: 'browser' })).toMatchObject({ later: [] })
    await release()
    expect(await waiting).toBe('ERR_DENIED')
    expect(await call(pid, 'count', '', OTHER)).toBe('ERR_DENIED')
    // The instance goes on, and keeps its memory.
    expect(await call(pid, 'count')).toBe('2')
    await table.setPolicy(pid, { methods: { count: { callers: [OTHER] } } })
    expect(await call(pid, 'count', '', OTHER)).toBe('3')
    expect(await call(pid, 'slurp', '', OTHER)).toBe('ERR_DENIED')
  })

  test('changes what is given, and nothing else', async () => {
    const { table, entry } = makeTab()
    const pid = await table.spawn(await guest('trouble'), { policy: { callers: 'browser', mailbox: 3 } })
    const { policy } = await table.setPolicy(pid, { listed: true, callers: undefined } as object)
    expect(policy).toEqual(entry(pid).record.policy)
    expect(policy).toMatchObject({ callers: 'browser', mailbox: 3, listed: true })
  })

  test('counts at once for the mailbox, the deadline and the size of messages', async () => {
    const { table, call, hold } = makeTab()
    const pid = await table.spawn(await guest('trouble'), {})
    await table.setPolicy(pid, { mailbox: 0, maxMessageBytes: 4 })
    const release = await hold(pid)
    expect(await call(pid, 'count')).toBe('ERR_MAILBOX_FULL')
    await release()
    expect(await call(pid, 'slurp', 'hello')).toBe('ERR_MESSAGE_TOO_LARGE')
    await table.setPolicy(pid, { deadlineMs: 200 })
    // The caller gets its error before the guest has returned, and nobody may wait.
    await expect.poll(() => table.get(pid)?.state).toBe('idle')
    expect(await call(pid, 'spin')).toBe('ERR_DEADLINE')
  })

  test('counts from the next instance on for what that is started with, and says so', async () => {
    const { table, call, entry } = makeTab()
    const pid = await table.spawn(await guest('greedy'), { policy: { maxMemoryBytes: 20 * PAGE } })
    const change = { maxMemoryBytes: 30 * PAGE, call: 'caller' } as const
    expect((await table.setPolicy(pid, change)).later).toEqual(['call', 'maxMemoryBytes'])
    expect(await call(pid, 'pages')).toBe('20')
    expect(entry(pid).log.lines.map(({ text }) => text)).toContain('From its next instance on: call, maxMemoryBytes.')
    await table.restart(pid)
    expect(await call(pid, 'pages')).toBe('30')
    // A process without an instance has nothing to wait for.
    entry(pid).proc.signal({ type: 'linked', pid, message: 'ended' }, false)
    expect((await table.setPolicy(pid, { maxMemoryBytes: 25 * PAGE })).later).toEqual([])
    expect(await call(pid, 'pages')).toBe('25')
  })

  test('is there after a reload', async () => {
    const { table, store } = makeTab()
    const pid = await table.spawn(await guest('trouble'), {})
    await table.setPolicy(pid, { callers: 'browser', call: 'caller', callTo: ['/ww/0.1.0/self/root/*'] })
    await store.settled()
    const next = makeTab(store)
    await next.table.restore()
    expect(next.entry(pid).proc.policy).toMatchObject({ callers: 'browser', call: 'caller' })
    expect(await next.call(pid, 'count', '', OTHER)).toBe('ERR_DENIED')
  })

  test('is refused as a whole by the name of the field that is wrong', async () => {
    const { table, entry } = makeTab()
    const pid = await table.spawn(await guest('trouble'), {})
    const before = entry(pid).record.policy
    const wrong: [object, string][] = [
      [{ listed: true, mailbox: -1 }, 'policy.mailbox'],
      [{ listed: true, colour: 1 }, 'policy.colour'],
      [{ listed: true, methods: { cuont: { callers: 'browser' } } }, '“cuont”'],
      [[], 'object'],
    ]
    for (const [given, words] of wrong) {
      await expect(table.setPolicy(pid, given)).rejects.toMatchObject({
        code: 'ERR_BAD_REQUEST',
        message: expect.stringContaining(words) as unknown,
      })
    }
    // Its module would not start with so little memory.
    await expect(table.setPolicy(pid, { maxMemoryBytes: 0 })).rejects.toMatchObject({ code: 'ERR_BAD_MODULE' })
    await expect(table.setPolicy('nobody', {})).rejects.toMatchObject({ code: 'ERR_NO_PROC' })
    expect(entry(pid).record.policy).toEqual(before)
  })
})

test('a process is not made with callers of a method that it does not have', async () => {
  const { table } = makeTab()
  const policy = { methods: { cuont: { callers: 'browser' } } } as const
  await expect(table.spawn(await guest('trouble'), { policy })).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
  expect(table.entries).toHaveLength(0)
})

test('what the owner has closed of the root process stays closed in a newer build', async () => {
  const { table, call } = makeTab()
  await table.ensureRoot(await guest('trouble'))
  await table.setPolicy(table.rootPid, { callers: 'browser' })
  await table.ensureRoot(altered(await guest('trouble')))
  expect(await call(table.rootPid, 'count', '', OTHER)).toBe('ERR_DENIED')
})

test('a module is given to others while a process shares it, also after a reload, and is told of', async () => {
  const told: string[] = []
  const init = { script: worker.script, store: new MemoryStore(), shared: (cid: string) => void told.push(cid) }
  const before = makeProcesses(init)
  const module = await guest('trouble')
  const pid = await before.table.spawn(module, { name: 'sharer', description: 'Shares.' })
  const { cid } = before.entry(pid).record
  expect(await before.table.shared(cid)).toBeUndefined()
  await before.table.setPolicy(pid, { shareModule: true })
  await before.table.stop()
  const after = makeProcesses(init)
  const { table } = after
  await table.restore()
  expect(told).toEqual([cid, cid])
  expect(table.find(pid)).toMatchObject({ name: 'sharer', description: 'Shares.' })
  const given = await table.shared(cid)
  expect(given?.name).toBe('sharer')
  expect(new Uint8Array((await given?.blob.arrayBuffer()) ?? new ArrayBuffer())).toEqual(module)
  await table.setPolicy(pid, { shareModule: false })
  expect(await table.shared(cid)).toBeUndefined()
})

describe('a family', () => {
  const own = { spawn: true, callers: 'anyone', call: 'owner' } as const

  test('loses what its parent loses at once: whenever the peer is killed, nobody has more than its parent', async () => {
    const { table, store } = makeTab()
    const module = await guest('trouble')
    const parent = await table.spawn(module, { policy: own })
    const line = [parent]
    for (let i = 0; i < 3; i++) {
      const birth = { parent: line.at(-1) ?? parent, link: false, watch: undefined }
      // oxlint-disable-next-line no-await-in-loop -- each makes the next one
      line.push(await table.spawn(module, { policy: own }, { birth }))
    }
    await store.settled()
    await table.setPolicy(parent, { callers: 'browser', call: 'off' })
    await store.settled()
    for (const records of store.moments) {
      const rights = line
        .flatMap((pid) => records.get(pid)?.policy ?? [])
        .map(({ callers, call }) => [callers, call].join())
      expect(new Set(rights).size).toBe(1)
    }
    expect(store.records.get(line[3] ?? '')?.policy).toMatchObject({ callers: 'browser', call: 'off' })
  })

  test('comes back with at most the rights of its parent, whatever was kept', async () => {
    const { table, store } = makeTab()
    const module = await guest('trouble')
    const parent = await table.spawn(module, { policy: own })
    const child = await table.spawn(module, { policy: own }, { birth: { parent, link: false, watch: undefined } })
    const birth = { parent: child, link: false, watch: undefined }
    const grandchild = await table.spawn(module, { policy: own }, { birth })
    await store.settled()
    const record = store.records.get(parent)
    // As a version of the app left it that was killed while it wrote one record after the other.
    if (record)
      await store.putProcesses([{ ...record, policy: { ...record.policy, callers: 'browser', call: 'caller' } }])
    const next = makeTab(store)
    await next.table.restore()
    for (const pid of [parent, child, grandchild]) {
      expect(next.table.find(pid)?.policy).toMatchObject({ callers: 'browser', call: 'caller', spawn: true })
    }
  })
})
