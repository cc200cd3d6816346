import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { good } from '../../../e2e/guests/bad.ts'
import { guest } from '../../../e2e/guests/guests.ts'
import { makeProcesses, type TestProcesses } from '../../node/test-processes.ts'
import { builtActorWorker } from '../../node/test-worker.ts'
import { threadWorker } from '../../node/root/thread-worker.ts'
import { installErrorTransfer } from '../worker/comlink-errors.ts'

const tabs: TestProcesses[] = []
let worker: Awaited<ReturnType<typeof builtActorWorker>>

beforeAll(async () => {
  installErrorTransfer()
  await Promise.all((['trouble', 'greedy', 'diary', 'cmd'] as const).map(guest))
  worker = await builtActorWorker()
})
afterEach(() => {
  for (const { table } of tabs.splice(0)) for (const { proc } of table.entries) proc.kill()
})
afterAll(() => worker.remove())

/** A tab that keeps nothing. */
function makeTab(liveLimit?: number): TestProcesses {
  const tab = makeProcesses({ script: worker.script, liveLimit })
  tabs.push(tab)
  return tab
}

describe('limits', () => {
  test('memory is capped while it grows, and the guest may live with that', async () => {
    const { table, call } = makeTab()
    const pid = await table.spawn(await guest('greedy'), { policy: { maxMemoryBytes: 20 * 65_536 + 1 } })
    expect(await call(pid, 'pages')).toBe('20')
  })

  test('a trap with all of the memory in use is told as such', async () => {
    const { table, call, entry } = makeTab()
    const pid = await table.spawn(await guest('greedy'), { policy: { maxMemoryBytes: 20 * 65_536 } })
    expect(await call(pid, 'fill')).toBe('ERR_OUT_OF_MEMORY')
    expect(entry(pid).record.exits).toMatchObject([
      {
        method: 'fill',
        final: false,
        reason: { type: 'memory', message: expect.stringContaining('1.3 MiB') as unknown },
      },
    ])
    expect(await call(pid, 'trap')).toBe('ERR_TRAPPED')
    const { lines } = entry(pid).log
    expect(lines.map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^out of memory: .*unreachable in greedy\//),
    )
  })

  test('an exit with all of the memory in use is told as such', async () => {
    const { table, call, entry } = makeTab()
    const pid = await table.spawn(await guest('greedy'), { policy: { maxMemoryBytes: 20 * 65_536 } })
    expect(await call(pid, 'leave')).toBe('ERR_EXITED')
    expect(entry(pid).lastError?.error.message).toBe('leave exited with code 2, with all of its 1.3 MiB in use.')
  })

  test('the same module with another cap has that one', async () => {
    const { table, call } = makeTab()
    const module = await guest('greedy')
    const small = await table.spawn(module, { policy: { maxMemoryBytes: 20 * 65_536 } })
    const large = await table.spawn(module, { policy: { maxMemoryBytes: 30 * 65_536 } })
    expect([await call(small, 'pages'), await call(large, 'pages')]).toEqual(['20', '30'])
    expect(table.entries[0]?.record.cid).toBe(table.entries[1]?.record.cid)
  })

  test('past the live limit the longest idle process goes that can, and else the start fails', async () => {
    const { table, call, entry } = makeTab(2)
    const [first, second] = [await table.spawn(good, {}), await table.spawn(await guest('diary'), {})]
    const third = await table.spawn(await guest('trouble'), {})
    expect(entry(first).proc.state).toBe('cold')
    await call(second, 'note', 'x')
    await call(third, 'count')
    expect(await call(first, 'run')).toBe('ERR_LIVE_LIMIT')
    expect(entry(first).log.lines.at(-1)?.text).toMatch(/kill one first\. ERR_LIVE_LIMIT$/)
    await table.kill(second)
    expect(await call(first, 'run')).toBe('')
    expect(await call(third, 'count')).toBe('2')
  })
})

describe('a worker whose script does not come', () => {
  test('is waited for until the deadline, and keeps no place among the live ones', async () => {
    let script: Promise<Worker> = new Promise(() => undefined)
    const tab = makeProcesses({ script: worker.script, createWorker: () => script, liveLimit: 1 })
    tabs.push(tab)
    for (let i = 0; i < 2; i++) {
      await expect(tab.table.spawn(good, { policy: { deadlineMs: 20 } })).rejects.toMatchObject({
        code: 'ERR_DEADLINE',
      })
    }
    expect(tab.table.entries).toEqual([])
    script = Promise.resolve(threadWorker(worker.script))
    const pid = await tab.table.spawn(good, {})
    expect(await tab.call(pid, 'run')).toBe('')
  })
})

describe('exits', () => {
  test('the last twenty are kept, a command’s codes among them', async () => {
    const { table, call, entry } = makeTab()
    const pid = await table.spawn(await guest('cmd'), {})
    for (let i = 0; i < 22; i++) expect(await call(pid, '_start', 'fail')).toBe('ERR_EXITED')
    const { exits = [] } = entry(pid).record
    expect(exits.length).toBe(20)
    expect(exits[0]).toMatchObject({ method: '_start', reason: { type: 'exited', code: 4 }, final: false })
    expect(entry(pid).proc.state).toBe('idle')
  })
})

describe('a dead process', () => {
  const restart = { intensity: 0 }

  test('stays in the list with its reason, and is restarted by hand', async () => {
    const { table, call, entry } = makeTab()
    const pid = await table.spawn(await guest('trouble'), { restart })
    await call(pid, 'count')
    expect(await call(pid, 'trap')).toBe('ERR_TRAPPED')
    expect(entry(pid).proc.state).toBe('dead')
    expect(entry(pid).record.dead).toMatch(/not restarted.*unreachable/)
    expect(await call(pid, 'count')).toBe('ERR_PROC_STOPPED')
    await table.restart(pid)
    expect(entry(pid).record.dead).toBeUndefined()
    expect(await call(pid, 'count')).toBe('1')
    expect(entry(pid).record.exits?.length).toBe(1)
  })

  test('that is temporary is restarted by hand too', async () => {
    const { table, call } = makeTab()
    const pid = await table.spawn(await guest('trouble'), { restart: 'temporary' })
    expect(await call(pid, 'exit0')).toBe('bye')
    expect(await call(pid, 'count')).toBe('ERR_PROC_STOPPED')
    await table.restart(pid)
    expect(await call(pid, 'count')).toBe('1')
  })
})
