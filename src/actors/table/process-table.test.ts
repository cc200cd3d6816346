import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bad, good } from '../../../e2e/guests/bad.ts'
import { guest } from '../../../e2e/guests/guests.ts'
import { altered, makeProcesses, type TestProcesses } from '../../node/test-processes.ts'
import { builtActorWorker } from '../../node/test-worker.ts'
import { threadWorker } from '../../node/root/thread-worker.ts'
import { nextTask } from '../../glia/wait/next-task.ts'
import { installErrorTransfer } from '../worker/comlink-errors.ts'
import type { ProcessTable } from './process-table.ts'

const tabs: TestProcesses[] = []
let worker: Awaited<ReturnType<typeof builtActorWorker>>

beforeAll(async () => {
  installErrorTransfer()
  await Promise.all((['trouble', 'greedy', 'diary', 'cmd', 'files'] as const).map(guest))
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

  test('comes back after its kill was undone', async () => {
    const { table, call } = makeTab()
    const pid = await table.spawn(await guest('trouble'), { restart })
    const killed = await table.kill(pid)
    expect(await call(pid, 'count')).toBe('ERR_NO_PROC')
    await table.undoKill(killed)
    expect(await call(pid, 'count')).toBe('1')
  })

  test('takes a new version, and stays dead if that does not start', async () => {
    const { table, call, entry } = makeTab()
    const pid = await table.spawn(await guest('trouble'), { restart })
    await call(pid, 'trap')
    await expect(table.swap(pid, bad.initializeTraps.bytes)).rejects.toMatchObject({ code: 'ERR_START' })
    expect(entry(pid).proc.state).toBe('dead')
    await table.swap(pid, await guest('diary'))
    expect(await call(pid, 'which')).toBe('diary')
  })

  test('takes the second of two new versions, if the first one does not start', async () => {
    const { table, call } = makeTab()
    const pid = await table.spawn(await guest('trouble'), { restart })
    await call(pid, 'trap')
    const swaps = [bad.initializeTraps.bytes, await guest('diary')].map((bytes) => table.swap(pid, bytes))
    await expect(swaps[0]).rejects.toMatchObject({ code: 'ERR_START' })
    await swaps[1]
    expect(await call(pid, 'which')).toBe('diary')
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

/** Begins a swap that has read its module and waits for the running message. */
async function swapThatWaits(table: ProcessTable, pid: string, module: Uint8Array<ArrayBuffer>) {
  const isRead = Promise.withResolvers<void>()
  const onStage = (stage: 'compiling' | 'starting'): void => {
    if (stage === 'starting') isRead.resolve()
  }
  const swapped = table.swap(pid, new Blob([module]), { onStage })
  await isRead.promise
  await nextTask()
  return { swapped }
}

describe('a hot swap', () => {
  test('keeps PID and queue: the message that runs ends in the old version, those that wait run in the new one', async () => {
    const { table, call, hold, entry } = makeTab()
    const old = await guest('trouble')
    const pid = await table.spawn(old, {})
    expect(await call(pid, 'count')).toBe('1')
    const end = await hold(pid)
    await expect.poll(() => entry(pid).proc.state).toBe('busy')
    const waiting = [call(pid, 'count'), call(pid, 'which'), call(pid, 'count')]
    const { cid } = entry(pid).record
    const { swapped } = await swapThatWaits(table, pid, altered(old))
    expect(await end()).toBe('1')
    await swapped
    expect(await Promise.all(waiting)).toEqual(['1', 'ERR_NO_METHOD', '2'])
    expect(entry(pid).record).toMatchObject({ pid, previous: { cid, moduleBytes: old.length } })
    expect(entry(pid).record.cid).not.toBe(cid)
  })

  test('can be undone, and redone', async () => {
    const { table, call, entry } = makeTab()
    const pid = await table.spawn(await guest('greedy'), {})
    await expect(table.swapBack(pid)).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
    await table.swap(pid, await guest('diary'))
    expect(entry(pid).record.methods).toContain('recall')
    for (const which of ['greedy', 'diary']) {
      await table.swapBack(pid)
      expect(await call(pid, 'which')).toBe(which)
    }
  })

  test('that fails leaves the old version with its state, and a line in the log', async () => {
    const { table, call, entry } = makeTab()
    const pid = await table.spawn(await guest('trouble'), {})
    await call(pid, 'count')
    for (const { bytes, code } of [
      { bytes: bad.initializeTraps.bytes, code: 'ERR_START' },
      { bytes: bad.truncated.bytes, code: 'ERR_BAD_MODULE' },
    ]) {
      await expect(table.swap(pid, bytes)).rejects.toMatchObject({ code })
      expect(await call(pid, 'count')).not.toMatch(/ERR|1/)
    }
    expect(entry(pid).log.lines.map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/the old one stays: .*ERR_START$/),
    )
    expect(entry(pid).record.previous).toBeUndefined()
  })

  test('has its module, whatever becomes of others that had it while it waits', async () => {
    const { table, call, hold, entry } = makeTab()
    const module = altered(await guest('trouble'))
    const [other, pid] = [await table.spawn(module, {}), await table.spawn(await guest('trouble'), {})]
    const end = await hold(pid)
    await expect.poll(() => entry(pid).proc.state).toBe('busy')
    const { swapped } = await swapThatWaits(table, pid, module)
    await table.kill(other)
    expect(await end()).toBe('1')
    await swapped
    await table.restart(pid)
    expect(await call(pid, 'count')).toBe('1')
  })

  test('works with every worker taken', async () => {
    const { table, call } = makeTab(1)
    const pid = await table.spawn(await guest('trouble'), {})
    await call(pid, 'count')
    await table.swap(pid, await guest('diary'))
    expect(await call(pid, 'which')).toBe('diary')
  })
})

describe('a watch', () => {
  test('has the watcher told of each end, until it is ended', async () => {
    const { table, call } = makeTab()
    const [watcher, watched] = [
      await table.spawn(await guest('diary'), {}),
      await table.spawn(await guest('greedy'), { name: 'w' }),
    ]
    const id = table.links.watch(watcher, watched, 'note')
    await call(watched, 'trap')
    await expect.poll(() => call(watcher, 'recall')).toMatch(/\n$/)
    expect(JSON.parse(await call(watcher, 'recall'))).toMatchObject({
      pid: watched,
      name: 'w',
      final: false,
      reason: { type: 'trapped', message: 'unreachable', frames: expect.arrayContaining([]) as unknown },
    })
    table.links.unwatch(id)
    await call(watched, 'trap')
    expect((await call(watcher, 'recall')).trim().split('\n').length).toBe(1)
  })

  test('tells of a kill too, and may not be of nothing', async () => {
    const { table, call, entry } = makeTab()
    const [watcher, watched] = [await table.spawn(await guest('diary'), {}), await table.spawn(good, {})]
    expect(() => table.links.watch(watcher, watcher, 'note')).toThrow(
      expect.objectContaining({ code: 'ERR_BAD_REQUEST' }),
    )
    expect(() => table.links.watch(watcher, watched, 'nope')).toThrow(
      expect.objectContaining({ code: 'ERR_NO_METHOD' }),
    )
    expect(() => table.links.watch(watcher, 'nobody', 'note')).toThrow(expect.objectContaining({ code: 'ERR_NO_PROC' }))
    table.links.watch(watcher, watched, 'note')
    expect(entry(watcher).record.watches).toMatchObject([{ watched, method: 'note' }])
    await table.kill(watched)
    await expect.poll(() => call(watcher, 'recall')).toContain('"type":"killed"')
    expect(entry(watcher).record.watches).toEqual([])
  })
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

test('linked processes end together, each by its own restart type', async () => {
  const { table, call, entry } = makeTab()
  const [a, b, c] = [
    await table.spawn(await guest('trouble'), { name: 'a' }),
    await table.spawn(await guest('trouble'), { name: 'b' }),
    await table.spawn(await guest('trouble'), { name: 'c', restart: 'temporary' }),
  ]
  table.links.link(a, b)
  table.links.link(b, c)
  for (const pid of [a, b, c]) expect(await call(pid, 'count')).toBe('1')
  await call(a, 'trap')
  expect(await call(b, 'count')).toBe('1')
  expect(entry(b).record.exits).toMatchObject([{ reason: { type: 'linked', pid: a } }])
  expect(entry(c).proc.death).toMatch(/temporary/)
  table.links.unlink(a, b)
  await call(a, 'trap')
  expect(await call(b, 'count')).toBe('2')
})

test('files outlive a trap, a swap and an undone kill', async () => {
  const { table, call } = makeTab()
  const pid = await table.spawn(await guest('files'), {})
  const other = await table.spawn(await guest('files'), {})
  expect(await call(pid, 'keep')).toBe('')
  const kept = { entries: [{ path: 'k', kind: 'file', bytes: 0 }], totalBytes: 0 }
  expect(await table.listFiles(pid)).toEqual(kept)
  expect(await call(pid, 'raise')).toBe('ERR_TRAPPED')
  await table.swap(pid, altered(await guest('files')))
  await table.undoKill(await table.kill(pid))
  expect(await call(pid, 'numbers')).toBe('')
  expect(await table.listFiles(pid)).toEqual(kept)
  expect(await table.listFiles(other)).toEqual({ entries: [], totalBytes: 0 })
  expect((await table.exportFiles(pid)).size).toBe(3 * 512)
})
