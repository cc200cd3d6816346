import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bad, good } from '../../../e2e/guests/bad.ts'
import { guest } from '../../../e2e/guests/guests.ts'
import { altered, makeProcesses, testTabs, watchedWorkers } from '../../node/test-processes.ts'
import { builtActorWorker } from '../../node/test-worker.ts'
import { GliaError } from '../../glia/errors.ts'
import { createHttp } from '../../glia/http/http.ts'
import { processOf } from '../../glia/instance-key.ts'
import type { Exit } from '../../glia/process/exit.ts'
import { OTHER } from '../../glia/test-peer.ts'
import { installErrorTransfer } from '../worker/comlink-errors.ts'
import { MemoryStore } from './test-store.ts'

let worker: Awaited<ReturnType<typeof builtActorWorker>>
const { makeTab, reload, endTabs } = testTabs(() => worker.script)
/** Counts its calls, and traps. */
let trouble: Uint8Array<ArrayBuffer>
/** Writes entries to a file under /data. */
let ledger: Uint8Array<ArrayBuffer>

beforeAll(async () => {
  installErrorTransfer()
  ;[trouble, ledger] = (await Promise.all([guest('trouble'), guest('ledger')])).map((bytes) => bytes.slice()) as [
    Uint8Array<ArrayBuffer>,
    Uint8Array<ArrayBuffer>,
  ]
  worker = await builtActorWorker()
}, 60_000)
afterEach(endTabs)
afterAll(() => worker.remove())

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `k${String(i).padStart(3, '0')}`)

/** Lets the next writes of a store wait. @returns when the first has begun, and what lets them go on. */
function heldWrite(store: MemoryStore, name: 'putKey' | 'putProcesses'): { begun: Promise<void>; go(): void } {
  const [begun, going] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const write = Reflect.get(MemoryStore.prototype, name)
  Object.assign(store, {
    async [name](...given: unknown[]) {
      begun.resolve()
      await going.promise
      return Reflect.apply(write, store, given)
    },
  })
  return { begun: begun.promise, go: () => going.resolve() }
}

describe('an instance for each key', () => {
  test('has a memory and a /data of its own, which are there after a reload', async () => {
    const store = new MemoryStore()
    let tab = makeTab(store)
    const counter = await tab.table.spawn(trouble, { key: true })
    const book = await tab.table.spawn(ledger, { key: true })
    expect(tab.entry(counter).proc.state).toBe('cold')
    expect([await tab.call(`${counter}:a`, 'count'), await tab.call(`${counter}:a`, 'count')]).toEqual(['1', '2'])
    expect(await tab.call(`${counter}:b`, 'count')).toBe('1')
    expect([await tab.call(`${book}:a`, 'once'), await tab.call(`${book}:a`, 'once')]).toEqual(['0', '0'])
    expect([await tab.call(`${book}:a`, 'count'), await tab.call(`${book}:b`, 'count')]).toEqual(['2', '0'])
    tab = await reload(tab, store)
    // Nothing of a key is read before somebody calls it.
    expect([...(tab.entry(counter).keys?.all() ?? [])]).toEqual([])
    expect([await tab.call(`${counter}:a`, 'count'), await tab.call(`${counter}:b`, 'count')]).toEqual(['3', '2'])
    expect([await tab.call(`${book}:a`, 'count'), await tab.call(`${book}:b`, 'count')]).toEqual(['2', '0'])
    const usedAt = expect.any(Number) as number
    expect(await tab.table.keys(counter)).toMatchObject({
      total: 2,
      keys: [
        { key: 'a', usedAt },
        { key: 'b', usedAt },
      ],
    })
  })

  test('is one, whoever calls a new key at the same time, and takes its messages in their order', async () => {
    const { table, call } = makeTab(new MemoryStore())
    const pid = await table.spawn(trouble, { key: true })
    const replies = await Promise.all(
      Array.from({ length: 40 }, (_, i) => call(`${pid}:${i % 2 === 0 ? 'even' : 'odd'}`, 'count')),
    )
    expect(replies.filter((_, i) => i % 2 === 0)).toEqual(Array.from({ length: 20 }, (_, i) => String(i + 1)))
    expect(replies.filter((_, i) => i % 2 === 1)).toEqual(Array.from({ length: 20 }, (_, i) => String(i + 1)))
  })

  test('is hibernated when another needs its place, and few are in memory however many keys there are', async () => {
    const store = new MemoryStore()
    let tab = makeTab(store, 2)
    const pid = await tab.table.spawn(trouble, { key: true })
    const keys = names(20)
    // Two at a time, since two live.
    for (const [i, key] of keys.entries()) {
      if (i % 2 === 1) continue
      const two = [key, keys[i + 1]].map((each) => tab.call(`${pid}:${each}`, 'count'))
      // oxlint-disable-next-line no-await-in-loop
      expect(await Promise.all(two)).toEqual(['1', '1'])
    }
    expect(await tab.call(`${pid}:${keys[0]}`, 'count')).toBe('2')
    await store.settled()
    const held = [...(tab.entry(pid).keys?.all() ?? [])]
    expect(held.length).toBeLessThanOrEqual(18)
    expect(held.filter(({ isLive }) => isLive).length).toBeLessThanOrEqual(2)
    tab = await reload(tab, store, 2)
    expect(await tab.call(`${pid}:${keys[0]}`, 'count')).toBe('3')
    expect(await tab.table.keys(pid, { limit: 2, after: 'k010' })).toMatchObject({
      total: 20,
      keys: [{ key: 'k011', state: 'cold' }, { key: 'k012' }],
    })
  }, 60_000)

  test('traps by itself', async () => {
    const { table, call, entry } = makeTab(new MemoryStore())
    const pid = await table.spawn(trouble, { key: true })
    await Promise.all([call(`${pid}:good`, 'count'), call(`${pid}:bad`, 'count')])
    const [trapped, ...others] = await Promise.all([
      call(`${pid}:bad`, 'trap'),
      call(`${pid}:good`, 'count'),
      call(`${pid}:new`, 'count'),
    ])
    expect([trapped, ...others]).toEqual(['ERR_TRAPPED', '2', '1'])
    expect(await call(`${pid}:good`, 'count')).toBe('3')
    const { lines } = entry(pid).log
    expect(lines.map(({ text }) => text)).toContainEqual(expect.stringMatching(/^\[bad\] trapped: /))
  })

  test('dies by itself, also over a reload, until all are restarted', async () => {
    const store = new MemoryStore()
    let tab = makeTab(store)
    const pid = await tab.table.spawn(trouble, { key: true, restart: { intensity: 0 } })
    await tab.call(`${pid}:good`, 'count')
    expect(await tab.call(`${pid}:bad`, 'trap')).toBe('ERR_TRAPPED')
    expect(await tab.call(`${pid}:bad`, 'count')).toBe('ERR_PROC_STOPPED')
    expect(await tab.call(`${pid}:good`, 'count')).toBe('2')
    await store.settled()
    tab = await reload(tab, store)
    expect(await tab.call(`${pid}:bad`, 'count')).toBe('ERR_PROC_STOPPED')
    expect((await tab.table.keys(pid)).keys).toMatchObject([{ key: 'bad', state: 'dead' }, { key: 'good' }])
    await tab.table.restart(`${pid}:bad`)
    expect(await tab.call(`${pid}:bad`, 'count')).toBe('1')
    expect(await tab.call(`${pid}:bad`, 'trap')).toBe('ERR_TRAPPED')
    await store.settled()
    tab = await reload(tab, store)
    await tab.table.restart(pid)
    // All begin anew.
    expect([await tab.call(`${pid}:bad`, 'count'), await tab.call(`${pid}:good`, 'count')]).toEqual(['1', '1'])
    tab = await reload(tab, store)
    expect(await tab.call(`${pid}:bad`, 'count')).toBe('2')
  })

  test('calls other keys by opening a file', async () => {
    const { table, call } = makeTab(new MemoryStore())
    await table.ensureRoot(good)
    const pid = await table.spawn(trouble, { key: true })
    const asker = await table.spawn(await guest('ask'), { key: true, policy: { call: 'owner' } })
    const ask = (key: string, to: string): Promise<string> => call(`${asker}:${key}`, 'ask', `${to}\n`)
    expect(await ask('x', `ww/0.1.0/self/${pid}:ö ?%/count`)).toBe('1')
    expect(await ask('y', `ww/0.1.0/self/${pid}:o\u0308 ?%/count`)).toBe('2')
    // Two keys of one process may call each other; one may not call itself.
    const count = `ww/0.1.0/self/${pid}:z/count`
    expect(await call(`${asker}:x`, 'ask', `ww/0.1.0/self/${asker}:y/ask\n${count}\n`)).toBe('1')
    expect(await call(`${asker}:x`, 'ask', `ww/0.1.0/self/${asker}:x/ask\n${count}\n`)).toMatch(/^errno/)
    expect(await ask('x', `ww/0.1.0/self/${pid}/count`)).toMatch(/^errno/)
  })

  test('is stored before its reply, if the policy says so', async () => {
    const store = new MemoryStore()
    const { table, call } = makeTab(store)
    const pid = await table.spawn(trouble, { key: true, policy: { durable: 'before-reply' } })
    expect(await call(`${pid}:a`, 'count')).toBe('1')
    expect((await store.snapshot(`${pid}:a`))?.snapshot.messages).toBe(1)
    // The tab is gone without a word.
    const later = makeTab(store)
    await later.table.restore()
    expect(await later.call(`${pid}:a`, 'count')).toBe('2')
  })

  test('is stored by its owner while its record is still being written, and after it', async () => {
    const store = new MemoryStore()
    const { table, call } = makeTab(store)
    const pid = await table.spawn(trouble, { key: true })
    const { begun, go } = heldWrite(store, 'putKey')
    expect(await call(`${pid}:a`, 'count')).toBe('1')
    const stored = table.checkpoint(`${pid}:a`)
    await begun
    go()
    await stored
    expect((await store.snapshot(`${pid}:a`))?.snapshot.messages).toBe(1)
    // An owner who gives up does not wait for the store, and a killed key has nothing to store.
    const never = heldWrite(store, 'putKey')
    expect(await call(`${pid}:b`, 'count')).toBe('1')
    const [late, killed] = [table.checkpoint(`${pid}:b`, AbortSignal.abort('enough')), table.checkpoint(`${pid}:b`)]
    await expect(late).rejects.toBe('enough')
    void table.kill(`${pid}:b`)
    await expect(killed).rejects.toBeInstanceOf(GliaError)
    never.go()
  })

  test('is kept with its process, also if it was called before that was stored', async () => {
    const store = new MemoryStore()
    let tab = makeTab(store)
    const { begun, go } = heldWrite(store, 'putProcesses')
    const spawned = tab.table.spawn(trouble, { key: true, policy: { durable: 'before-reply' } })
    await begun
    const { pid } = tab.table.entries[0]?.record ?? {}
    const reply = tab.call(`${pid}:a`, 'count')
    await expect.poll(() => tab.entry(String(pid)).keys?.entries.map(({ proc }) => proc.state)).toEqual(['busy'])
    go()
    expect(await spawned).toBe(pid)
    expect(await reply).toBe('1')
    tab = await reload(tab, store)
    expect(await tab.call(`${pid}:a`, 'count')).toBe('2')
  })

  test('of a process that the store has refused is refused too, at once', async () => {
    const store = new MemoryStore()
    store.isFull = true
    const { table, call } = makeTab(store)
    const pid = await table.spawn(trouble, { key: true, policy: { durable: 'before-reply' } })
    expect(await call(`${pid}:a`, 'count')).toBe('ERR_STORAGE')
    await expect(table.checkpoint(`${pid}:a`)).rejects.toThrow(/not kept/)
  })

  test('is starting while it is read, so that a peer which stops waits for its message', async () => {
    const store = new MemoryStore()
    const { table, call, entry } = makeTab(store)
    const pid = await table.spawn(trouble, { key: true })
    const { proc } = entry(pid)
    let read = Promise.withResolvers<undefined>()
    store.key = () => read.promise
    const reply = call(`${pid}:a`, 'count')
    await expect.poll(() => proc.state).toBe('starting')
    read.resolve(undefined)
    expect(await reply).toBe('1')
    read = Promise.withResolvers()
    const refused = call(`${pid}:b`, 'count')
    await expect.poll(() => proc.state).toBe('starting')
    read.reject(new GliaError('ERR_STORAGE', 'It is broken.'))
    expect(await refused).toBe('ERR_STORAGE')
    await expect.poll(() => proc.state).toBe('idle')
  })

  test('that the store does not give in time is no key for ever, and is counted once', async () => {
    const store = new MemoryStore()
    const { table, call, entry } = makeTab(store)
    const pid = await table.spawn(trouble, { key: true, policy: { deadlineMs: 200 } })
    const read = Promise.withResolvers<undefined>()
    store.key = () => read.promise
    const messages = [call(`${pid}:a`, 'count'), call(`${pid}:a`, 'count')]
    expect(await Promise.all(messages)).toEqual(['ERR_DEADLINE', 'ERR_DEADLINE'])
    expect(entry(pid).proc.state).toBe('cold')
    await expect(table.checkpoint(`${pid}:a`)).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
    expect(entry(pid).log.lines.map(({ text }) => text)).toContainEqual(expect.stringMatching(/“a” within 200 ms/))
    Reflect.deleteProperty(store, 'key')
    await table.setPolicy(pid, { deadlineMs: 30_000 })
    expect(await call(`${pid}:a`, 'count')).toBe('1')
    // The late answer changes nothing.
    read.resolve(undefined)
    expect(await call(`${pid}:a`, 'count')).toBe('2')
    expect((await table.keys(pid)).total).toBe(1)
  })

  test('ends with the peer, also if it was made while that stops', async () => {
    const store = new MemoryStore()
    const stored = Promise.withResolvers<void>()
    store.putCheckpoint = () => stored.promise
    const { workers, createWorker } = watchedWorkers(() => worker.script)
    const live = (): number => workers.filter(({ ended }) => !ended).length
    const { table, call } = makeProcesses({ script: worker.script, store, createWorker })
    const pid = await table.spawn(trouble, { key: true })
    expect(await call(`${pid}:a`, 'count')).toBe('1')
    const stopped = table.stop()
    expect(await call(`${pid}:b`, 'count')).toBe('1')
    stored.resolve()
    await stopped
    expect(live()).toBe(0)
  })

  test('works where nothing is kept, as long as there is room', async () => {
    const { table, call } = makeTab(undefined, 2)
    const pid = await table.spawn(trouble, { key: true })
    expect([await call(`${pid}:a`, 'count'), await call(`${pid}:b`, 'count')]).toEqual(['1', '1'])
    expect(await call(`${pid}:a`, 'count')).toBe('2')
    expect(await call(`${pid}:c`, 'count')).toBe('ERR_LIVE_LIMIT')
    expect(await table.keys(pid)).toMatchObject({ total: 2, keys: [{ key: 'a' }, { key: 'b' }] })
    await table.kill(`${pid}:a`)
    expect(await call(`${pid}:c`, 'count')).toBe('1')
  })
})

describe('keys', () => {
  test('are the same by every way in', async () => {
    const { table, call, router, env } = makeTab(new MemoryStore())
    await table.ensureRoot(good)
    const pid = await table.spawn(trouble, { key: true })
    const http = createHttp({ env, router })
    const post = async (path: string): Promise<string> => {
      const url = `http://localhost/ww/0.1.0/self/${pid}${path}`
      const reply = await http(new Request(url, { method: 'POST', body: '' }))
      return reply.ok ? reply.text() : ((await reply.json()) as { code: string }).code
    }
    const key = 'Zoë & 50% +1?#:'
    const query = new URLSearchParams({ key }).toString()
    const replies = [
      await call(`${pid}:${key.normalize()}`, 'count'),
      await post(`/count?${query}`),
      await post(`/count?exit=ok&${query}`),
      await post(`/count?%ff=1&%6be%79=${encodeURIComponent(key)}`),
      await post(`:${encodeURIComponent(key)}/count`),
      await post(`:${encodeURIComponent(key.normalize('NFD'))}/count`),
    ]
    expect(replies).toEqual(['1', '2', '3', '4', '5', '6'])
    expect((await table.keys(pid)).total).toBe(1)
    for (const wrong of [
      '/count',
      '/count?key=',
      '/count?key',
      '/count?key=a&key=a',
      ':a/count?key=a',
      '/count?key=%FF',
      '/count?key=a%2Fb',
      '/count?key=a%0Ab',
      `/count?key=${'x'.repeat(129)}`,
      `/count?key=${encodeURIComponent('ü'.repeat(65))}`,
      ':/count',
      '/count?key=%EF%BF%BD',
    ]) {
      expect.soft([wrong, await post(wrong)]).toEqual([wrong, 'ERR_BAD_ADDRESS'])
    }
    expect(await post(`/count?key=${'x'.repeat(128)}`)).toBe('1')
    expect((await table.keys(pid)).total).toBe(2)
  })

  test('are needed where there are instances, and refused where there are none', async () => {
    const { table, call } = makeTab(new MemoryStore())
    const keyed = await table.spawn(trouble, { key: true })
    const plain = await table.spawn(trouble, {})
    expect(await call(keyed, 'count')).toBe('ERR_BAD_ADDRESS')
    expect(await call(`${plain}:a`, 'count')).toBe('ERR_BAD_ADDRESS')
    expect(await call(`${keyed}:a`, 'none')).toBe('ERR_NO_METHOD')
    // Whoever may not call is not told more.
    const closed = await table.spawn(trouble, { key: true, policy: { callers: 'browser' } })
    expect(await call(closed, 'count', '', OTHER)).toBe('ERR_DENIED')
    expect(await call(`${closed}:a`, 'count', '', OTHER)).toBe('ERR_DENIED')
    for (const pid of [keyed, closed]) expect((await table.keys(pid)).total).toBe(0)
    await expect(table.keys(plain)).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
  })

  test('are at most as many as the policy allows', async () => {
    const store = new MemoryStore()
    let tab = makeTab(store)
    const pid = await tab.table.spawn(trouble, { key: true, policy: { maxKeys: 2 } })
    const replies = await Promise.all(['a', 'b', 'c', 'd'].map((key) => tab.call(`${pid}:${key}`, 'count')))
    expect(replies.toSorted()).toEqual(['1', '1', 'ERR_TOO_MANY_KEYS', 'ERR_TOO_MANY_KEYS'])
    // Its owner sees them.
    const { log, proc } = tab.entry(pid)
    expect(log.lines.map(({ text }) => text)).toContainEqual(expect.stringMatching(/as many as .* ERR_TOO_MANY_KEYS$/))
    expect(proc.calls.list().map(({ result }) => result)).toContain('ERR_TOO_MANY_KEYS')
    tab = await reload(tab, store)
    expect(await tab.call(`${pid}:e`, 'count')).toBe('ERR_TOO_MANY_KEYS')
    expect(await tab.call(`${pid}:a`, 'count')).toBe('2')
    await tab.table.kill(`${pid}:a`)
    expect(await tab.call(`${pid}:e`, 'count')).toBe('1')
    await tab.table.setPolicy(pid, { maxKeys: 3 })
    expect(await tab.call(`${pid}:a`, 'count')).toBe('1')
  })

  test('that cannot be counted are told of once, however often the number is shown', async () => {
    const store = new MemoryStore()
    const { table, entry } = makeTab(store)
    const { keys, log } = entry(await table.spawn(trouble, { key: true }))
    let asked = 0
    store.countKeys = async () => {
      asked += 1
      throw new GliaError('ERR_STORAGE', 'The disk is gone.')
    }
    expect(keys?.count).toBeUndefined()
    await expect.poll(() => log.lines.map(({ text }) => text)).toContain('The disk is gone.')
    expect(keys?.count).toBeUndefined()
    expect(asked).toBe(1)
    await expect(keys?.counted()).rejects.toMatchObject({ code: 'ERR_STORAGE' })
    expect(asked).toBe(2)
  })

  test('that nobody could use take no place', async () => {
    const { table, call } = makeTab(new MemoryStore())
    const pid = await table.spawn(bad.startTraps.bytes, { key: true })
    expect(await call(`${pid}:a`, 'run')).toBe('ERR_START')
    await expect.poll(async () => (await table.keys(pid)).total).toBe(0)
  })

  test('of a process may be called by those who may call the process, or that key', async () => {
    const { table, call } = makeTab(new MemoryStore())
    await table.ensureRoot(good)
    const pid = await table.spawn(trouble, { key: true })
    const asker = async (callTo: string[]): Promise<string> =>
      table.spawn(await guest('ask'), { policy: { call: 'owner', callTo } })
    const whole = await asker([`/ww/0.1.0/self/${pid}/count`])
    const one = await asker([`/ww/0.1.0/self/${pid}:a/*`])
    const ask = (from: string, key: string): Promise<string> => call(from, 'ask', `ww/0.1.0/self/${pid}:${key}/count\n`)
    expect([await ask(whole, 'a'), await ask(whole, 'b')]).toEqual(['1', '1'])
    expect(await ask(one, 'a')).toBe('2')
    expect(await ask(one, 'b')).toMatch(/^errno/)
    await expect(asker([`/ww/0.1.0/self/${pid}:a\nb/*`])).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
  })
})

describe('the whole', () => {
  test('is killed with all that its keys have', async () => {
    const store = new MemoryStore()
    const { table, call } = makeTab(store)
    const pid = await table.spawn(ledger, { key: true })
    const other = await table.spawn(ledger, { key: true })
    for (const each of [pid, other]) expect(await call(`${each}:a`, 'once')).toBe('0')
    await table.checkpoint(`${pid}:a`)
    await table.kill(pid)
    await store.settled()
    expect(await call(`${pid}:a`, 'count')).toBe('ERR_NO_PROC')
    const left = [store.kept, store.memories, store.keyRecords].flatMap((map) => [...map.keys()])
    expect(left.filter((each) => processOf(each) === pid)).toEqual([])
    expect(await call(`${other}:a`, 'count')).toBe('1')
  })

  test('is killed while messages run and wait, and all of them are told', async () => {
    const { table, call } = makeTab(new MemoryStore())
    const pid = await table.spawn(trouble, { key: true })
    await call(`${pid}:a`, 'count')
    const calls = [call(`${pid}:a`, 'spin'), call(`${pid}:a`, 'count'), call(`${pid}:b`, 'count')]
    await table.kill(pid)
    expect(await Promise.all(calls)).toEqual(['ERR_PROC_STOPPED', 'ERR_PROC_STOPPED', 'ERR_PROC_STOPPED'])
  })

  test('loses one key when that is killed, with its files, and makes it anew', async () => {
    const store = new MemoryStore()
    const { table, call } = makeTab(store)
    const pid = await table.spawn(ledger, { key: true })
    for (const key of ['a', 'b']) expect(await call(`${pid}:${key}`, 'once')).toBe('0')
    const [, count] = await Promise.all([table.kill(`${pid}:a`), call(`${pid}:b`, 'count')])
    expect(count).toBe('1')
    expect(await call(`${pid}:a`, 'count')).toBe('0')
    await expect(table.kill(`${pid}:none`)).rejects.toMatchObject({ code: 'ERR_NO_PROC' })
  })

  test('runs another module in all instances, which begin with an empty memory', async () => {
    const store = new MemoryStore()
    const { table, call } = makeTab(store, 2)
    const pid = await table.spawn(trouble, { key: true })
    for (const key of ['a', 'b', 'c']) expect(await call(`${pid}:${key}`, 'count')).toBe('1')
    await table.swap(pid, altered(trouble))
    for (const key of ['a', 'b', 'c']) expect(await call(`${pid}:${key}`, 'count')).toBe('1')
    // A version that does not start changes nothing.
    await expect(table.swap(pid, bad.startTraps.bytes)).rejects.toMatchObject({ code: 'ERR_START' })
    expect(await call(`${pid}:a`, 'count')).toBe('2')
    await table.swapBack(pid)
    expect(await call(`${pid}:a`, 'count')).toBe('1')
  })

  test('changes its policy for all instances', async () => {
    const { table, call } = makeTab(new MemoryStore())
    const pid = await table.spawn(trouble, { key: true })
    expect(await call(`${pid}:a`, 'count', '', OTHER)).toBe('1')
    await table.setPolicy(pid, { callers: 'browser' })
    expect(await call(`${pid}:a`, 'count', '', OTHER)).toBe('ERR_DENIED')
    expect(await call(`${pid}:b`, 'count', '', OTHER)).toBe('ERR_DENIED')
    expect(await call(`${pid}:a`, 'count')).toBe('2')
  })

  test('tells whoever watches it, from another peer too, of the end of any instance', async () => {
    const { table, call, entry } = makeTab(new MemoryStore())
    const pid = await table.spawn(trouble, { key: true })
    const told: Exit[] = []
    table.watched(pid)?.ends.listen((exit) => told.push(exit))
    expect(await call(`${pid}:a`, 'trap')).toBe('ERR_TRAPPED')
    await call(`${pid}:b`, 'count')
    // Only a kill of the whole says that the process is gone.
    await table.kill(`${pid}:b`)
    expect(told).toMatchObject([{ method: 'trap', reason: { type: 'trapped' }, final: false }])
    expect(entry(pid).record.exits).toEqual(told)
    await table.kill(pid)
    expect(told.at(-1)).toMatchObject({ reason: { type: 'killed' }, final: true })
  })

  test('counts and records the calls of all', async () => {
    const { table, call, entry } = makeTab(new MemoryStore())
    const pid = await table.spawn(trouble, { key: true })
    for (const key of ['a', 'a', 'b']) await call(`${pid}:${key}`, 'count')
    const { proc } = entry(pid)
    await expect.poll(() => [proc.messages, proc.meter.calls, proc.calls.list().length]).toEqual([3, 3, 3])
    expect(proc.memoryBytes).toBeGreaterThan(65_536)
    await expect.poll(() => proc.state).toBe('idle')
  })

  test('gives one instance as a file, which goes on as a process of its own', async () => {
    const { table, call } = makeTab(new MemoryStore())
    const pid = await table.spawn(ledger, { key: true })
    expect(await call(`${pid}:a`, 'once')).toBe('0')
    const file = await table.snapshot(`${pid}:a`)
    const single = await table.spawnFrom(file, {})
    expect(await call(single, 'count')).toBe('1')
    const wrong = [
      table.snapshot(pid, undefined, 1),
      table.files.export(pid),
      table.checkpoint(pid),
      table.spawnFrom(file, { key: true }),
      table.spawn(ledger, { key: true, files: { 'a.txt': new Uint8Array(1) } }),
      table.swap(`${pid}:a`, trouble),
      table.setPolicy(`${pid}:a`, {}),
    ].map((each) => expect.soft(each).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' }))
    await Promise.all(wrong)
    expect((await table.files.list(`${pid}:a`)).entries).toMatchObject([{ path: 'ledger', bytes: 8 }])
    await expect(table.files.list(`${pid}:none`)).rejects.toMatchObject({ code: 'ERR_NO_PROC' })
  })
})

describe('a file of the whole', () => {
  test('has all keys, with what they have in memory and under /data', async () => {
    const store = new MemoryStore()
    const { table, call, entry } = makeTab(store, 2)
    const pid = await table.spawn(ledger, { name: 'book', key: true, args: ['x'], restart: { intensity: 0 } })
    for (const key of ['a', 'b', 'c']) expect(await call(`${pid}:${key}`, 'once')).toBe('0')
    expect(await call(`${pid}:c`, 'once')).toBe('0')
    const counter = await table.spawn(trouble, { key: true, restart: { intensity: 0 } })
    expect([await call(`${counter}:a`, 'count'), await call(`${counter}:a`, 'count')]).toEqual(['1', '2'])
    expect(await call(`${counter}:dead`, 'trap')).toBe('ERR_TRAPPED')
    await store.settled()
    const [books, counters] = await Promise.all([table.snapshot(pid), table.snapshot(counter)])
    // Somewhere else.
    const there = new MemoryStore()
    let other = makeTab(there, 2)
    const copy = await other.table.spawnFrom(books, {})
    expect(other.entry(copy).record).toMatchObject({ name: 'book', key: true, args: ['x'] })
    expect((await other.table.keys(copy)).keys.map(({ key }) => key)).toEqual(['a', 'b', 'c'])
    other = await reload(other, there, 2)
    for (const [key, count] of [
      ['a', '1'],
      ['b', '1'],
      ['c', '2'],
      ['d', '0'],
    ] as const) {
      expect([key, await other.call(`${copy}:${key}`, 'count')]).toEqual([key, count])
    }
    // And as often as one likes, also with a name of its own.
    const copies = [await other.table.spawnFrom(counters, { name: 'n' }), await other.table.spawnFrom(counters, {})]
    for (const each of copies) expect(await other.call(`${each}:a`, 'count')).toBe('3')
    for (const each of copies) expect(await other.call(`${each}:dead`, 'count')).toBe('ERR_PROC_STOPPED')
    expect(other.entry(copies[0] ?? '').record.name).toBe('n')
    expect(entry(pid).proc.state).not.toBe('dead')
  }, 30_000)

  test('is refused where its keys may not be, and then there is no process', async () => {
    const { table, call } = makeTab(new MemoryStore())
    const pid = await table.spawn(ledger, { key: true })
    for (const key of ['a', 'b']) expect(await call(`${pid}:${key}`, 'once')).toBe('0')
    const file = await table.snapshot(pid)
    const before = table.entries.length
    const refused = async (policy: Parameters<typeof table.setPolicy>[1]): Promise<string> =>
      table.spawnFrom(file, { policy }).then(
        () => 'spawned',
        (thrown: unknown) => (thrown instanceof GliaError ? thrown.code : 'no error of Glia'),
      )
    expect(await refused({ maxKeys: 1 })).toBe('ERR_TOO_MANY_KEYS')
    expect(await refused({ memory: 'resident' })).toBe('ERR_BAD_REQUEST')
    expect(await refused({ maxDataBytes: 1 })).toBe('ERR_BAD_REQUEST')
    const nothingKept = makeTab()
    await expect(nothingKept.table.spawnFrom(file, {})).rejects.toMatchObject({ code: 'ERR_STORAGE' })
    expect([table.entries.length, nothingKept.table.entries.length]).toEqual([before, 0])
    const bytes = new Uint8Array(await file.arrayBuffer())
    const damaged = new Blob([bytes.subarray(0, -100), bytes.subarray(-100).map((byte) => byte ^ 255)])
    await expect(table.spawnFrom(damaged, {})).rejects.toMatchObject({ code: 'ERR_BAD_SNAPSHOT' })
  })

  test('is refused where it has more than one file can take', async () => {
    const store = new MemoryStore()
    const { table, call } = makeTab(store)
    const pid = await table.spawn(ledger, { key: true })
    expect(await call(`${pid}:a`, 'once')).toBe('0')
    await store.settled()
    const files = store.files.bind(store)
    const large = new Uint8Array(129 * 1024 * 1024)
    store.files = async (of) => [...(await files(of)), { kind: 'file', path: 'large', bytes: large }]
    await expect(table.snapshot(pid)).rejects.toThrow(/more than 128 MiB, too much for one file/)
  })
})
