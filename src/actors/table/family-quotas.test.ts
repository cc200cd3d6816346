import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { guest } from '../../../e2e/guests/guests.ts'
import type { Pid } from '../../glia/pid.ts'
import type { GivenPolicy } from '../../glia/process/policy.ts'
import { type TestProcesses, testTabs } from '../../node/test-processes.ts'
import { builtActorWorker } from '../../node/test-worker.ts'
import { installErrorTransfer } from '../worker/comlink-errors.ts'
import { MemoryStore } from './test-store.ts'

const MiB = 2 ** 20
const { makeTab, endTabs } = testTabs(() => worker.script)
let worker: Awaited<ReturnType<typeof builtActorWorker>>
let trouble: Uint8Array<ArrayBuffer>

beforeAll(async () => {
  installErrorTransfer()
  trouble = await guest('trouble')
  worker = await builtActorWorker()
})
afterEach(endTabs)
afterAll(() => worker.remove())

/** A process with a quota, and a way to have it make others, of 16 MiB each. */
async function makeFamily(policy: GivenPolicy) {
  const tab = makeTab(new MemoryStore())
  const parent = await tab.table.spawn(trouble, { name: 'parent', policy: { spawn: true, ...policy } })
  const make = (key: boolean, more: GivenPolicy = {}): Promise<Pid> =>
    tab.table.spawn(
      trouble,
      { key, policy: { maxMemoryBytes: 16 * MiB, ...more } },
      { birth: { parent, link: false, watch: undefined } },
    )
  return { ...tab, parent, make }
}

function live({ entry }: TestProcesses, pid: string): string[] {
  return (entry(pid).keys?.entries ?? []).filter(({ proc }) => proc.isLive).map(({ record }) => record.pid.slice(-1))
}

describe('the memory that a family may use', () => {
  test('counts each live instance of a key, and the longest idle one is hibernated for the next', async () => {
    const tab = await makeFamily({ maxChildrenBytes: 48 * MiB })
    const pid = await tab.make(true)
    await tab.make(false)
    for (const key of ['a', 'b', 'c']) {
      // oxlint-disable-next-line no-await-in-loop -- in this order
      expect(await tab.call(`${pid}:${key}`, 'count')).toBe('1')
      // oxlint-disable-next-line no-await-in-loop
      await expect
        .poll(() => tab.entry(pid).keys?.entries.every(({ memory }) => memory.isStored || memory.isAtRest))
        .toBe(true)
    }
    expect(live(tab, pid)).toEqual(['b', 'c'])
    expect(await tab.call(`${pid}:a`, 'count')).toBe('2')
    expect(live(tab, pid)).toHaveLength(2)
  })

  test('lets a key wait for one that runs', async () => {
    const tab = await makeFamily({ maxChildrenBytes: 32 * MiB })
    const pid = await tab.make(true)
    const ends = [await tab.hold(`${pid}:a`), await tab.hold(`${pid}:b`)]
    await expect.poll(() => live(tab, pid)).toEqual(['a', 'b'])
    const waiting = tab.call(`${pid}:c`, 'count')
    await expect.poll(() => tab.entry(pid).keys?.entries.length).toBe(3)
    expect(live(tab, pid)).toEqual(['a', 'b'])
    await ends[0]?.()
    expect(await waiting).toBe('1')
    expect(live(tab, pid)).toEqual(['b', 'c'])
    await ends[1]?.()
  })

  test('is refused to a key where nothing can be hibernated, in words', async () => {
    const tab = await makeFamily({ maxChildrenBytes: 32 * MiB })
    const pid = await tab.make(true, { memory: 'resident' })
    for (const key of ['a', 'b']) {
      // oxlint-disable-next-line no-await-in-loop
      expect(await tab.call(`${pid}:${key}`, 'count')).toBe('1')
    }
    expect(await tab.call(`${pid}:c`, 'count')).toBe('ERR_LIVE_LIMIT')
    expect(tab.entry(pid).log.lines.at(-1)?.text).toContain('policy.maxChildrenBytes')
    await tab.table.kill(`${pid}:a`)
    expect(await tab.call(`${pid}:c`, 'count')).toBe('1')
  })

  test('has room for one instance of each process at any time', async () => {
    const tab = await makeFamily({ maxChildrenBytes: 32 * MiB })
    const [one, other] = [await tab.make(true, { memory: 'resident' }), await tab.make(true, { memory: 'resident' })]
    expect(await tab.call(`${one}:a`, 'count')).toBe('1')
    expect(await tab.call(`${one}:b`, 'count')).toBe('ERR_LIVE_LIMIT')
    expect(await tab.call(`${other}:a`, 'count')).toBe('1')
  })

  test('counts live instances also when a process is made, or gets more', async () => {
    const tab = await makeFamily({ maxChildrenBytes: 48 * MiB })
    const pid = await tab.make(true)
    const ends = await Promise.all(['a', 'b', 'c'].map((key) => tab.hold(`${pid}:${key}`)))
    await expect.poll(() => live(tab, pid)).toEqual(['a', 'b', 'c'])
    await expect(tab.make(false)).rejects.toMatchObject({
      code: 'ERR_DENIED',
      message: expect.stringContaining('policy.maxChildrenBytes') as unknown,
    })
    await expect(tab.table.setPolicy(pid, { maxMemoryBytes: 17 * MiB })).rejects.toMatchObject({ code: 'ERR_DENIED' })
    for (const end of ends) {
      // oxlint-disable-next-line no-await-in-loop
      await end()
    }
    await expect.poll(() => tab.entry(pid).keys?.entries.every(({ memory }) => memory.isStored)).toBe(true)
    // Idle ones make room.
    expect(tab.entry(await tab.make(false)).proc.isLive).toBe(true)
    expect(live(tab, pid)).toHaveLength(2)
  })
})

test('the keys of all processes that a process has made count to its maxKeys', async () => {
  const tab = await makeFamily({ maxKeys: 2 })
  const [one, other] = [await tab.make(true), await tab.make(true)]
  expect(await tab.call(`${one}:a`, 'count')).toBe('1')
  expect(await tab.call(`${other}:a`, 'count')).toBe('1')
  expect(await tab.call(`${other}:b`, 'count')).toBe('ERR_TOO_MANY_KEYS')
  expect(await tab.call(`${one}:a`, 'count')).toBe('2')
  await tab.table.kill(`${one}:a`)
  const both = ['b', 'c'].map((key) => tab.call(`${other}:${key}`, 'count'))
  expect((await Promise.all(both)).sort()).toEqual(['1', 'ERR_TOO_MANY_KEYS'])
})

test('the keys of a file count to it too', async () => {
  const tab = await makeFamily({ maxKeys: 2 })
  const source = await tab.table.spawn(trouble, { key: true })
  for (const key of ['a', 'b']) expect(await tab.call(`${source}:${key}`, 'count')).toBe('1')
  const file = await tab.table.snapshot(source)
  const restore = (): Promise<Pid> =>
    tab.table.spawnFrom(
      file,
      { policy: { maxMemoryBytes: 16 * MiB } },
      { birth: { parent: tab.parent, link: true, watch: undefined } },
    )
  const other = await tab.make(true)
  expect(await tab.call(`${other}:x`, 'count')).toBe('1')
  const before = tab.table.entries.length
  await expect(restore()).rejects.toMatchObject({ code: 'ERR_TOO_MANY_KEYS' })
  expect(tab.table.entries).toHaveLength(before)
  await tab.table.kill(`${other}:x`)
  expect(await tab.call(`${await restore()}:a`, 'count')).toBe('2')
})
