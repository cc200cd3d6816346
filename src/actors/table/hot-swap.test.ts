import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bad } from '../../../e2e/guests/bad.ts'
import { guest } from '../../../e2e/guests/guests.ts'
import { nextTask } from '../../glia/wait/next-task.ts'
import { altered, testTabs } from '../../node/test-processes.ts'
import { builtActorWorker } from '../../node/test-worker.ts'
import { installErrorTransfer } from '../worker/comlink-errors.ts'
import type { ProcessTable } from './process-table.ts'

const { makeTab, endTabs } = testTabs(() => worker.script)
let worker: Awaited<ReturnType<typeof builtActorWorker>>

beforeAll(async () => {
  installErrorTransfer()
  await Promise.all((['trouble', 'greedy', 'diary', 'files'] as const).map(guest))
  worker = await builtActorWorker()
})
afterEach(endTabs)
afterAll(() => worker.remove())

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

  test('has an undo of its own, which does not undo a later one', async () => {
    const { table, call, entry } = makeTab()
    const pid = await table.spawn(await guest('greedy'), {})
    const first = await table.swap(pid, await guest('diary'))
    expect(await table.swap(pid, await guest('diary'))).toEqual({})
    const second = await table.swap(pid, await guest('trouble'))
    await expect(first.undo?.()).rejects.toMatchObject({ code: 'ERR_TOO_LATE' })
    await second.undo?.()
    expect(entry(pid).record.methods).toContain('recall')
    await expect(second.undo?.()).rejects.toMatchObject({ code: 'ERR_TOO_LATE' })
    await expect(first.undo?.()).rejects.toMatchObject({ code: 'ERR_TOO_LATE' })
    expect(await call(pid, 'which')).toBe('diary')
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
    const { table, call } = makeTab(undefined, 1)
    const pid = await table.spawn(await guest('trouble'), {})
    await call(pid, 'count')
    await table.swap(pid, await guest('diary'))
    expect(await call(pid, 'which')).toBe('diary')
  })
})

describe('a hot swap of a dead process', () => {
  const restart = { intensity: 0 }

  test('revives it, and leaves it dead if the new version does not start', async () => {
    const { table, call, entry } = makeTab()
    const pid = await table.spawn(await guest('trouble'), { restart })
    await call(pid, 'trap')
    await expect(table.swap(pid, bad.initializeTraps.bytes)).rejects.toMatchObject({ code: 'ERR_START' })
    expect(entry(pid).proc.state).toBe('dead')
    await table.swap(pid, await guest('diary'))
    expect(await call(pid, 'which')).toBe('diary')
  })

  test('takes the second of two versions, if the first one does not start', async () => {
    const { table, call } = makeTab()
    const pid = await table.spawn(await guest('trouble'), { restart })
    await call(pid, 'trap')
    const swaps = [bad.initializeTraps.bytes, await guest('diary')].map((bytes) => table.swap(pid, bytes))
    await expect(swaps[0]).rejects.toMatchObject({ code: 'ERR_START' })
    await swaps[1]
    expect(await call(pid, 'which')).toBe('diary')
  })
})
