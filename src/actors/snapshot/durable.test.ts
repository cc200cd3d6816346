import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bad } from '../../../e2e/guests/bad.ts'
import { cGuest } from '../../../e2e/guests/c-guest.ts'
import { goGuest } from '../../../e2e/guests/go-guest.ts'
import { guest } from '../../../e2e/guests/guests.ts'
import { rustKeeper } from '../../../e2e/guests/rust-guest.ts'
import { altered, testTabs, type TestProcesses } from '../../node/test-processes.ts'
import { builtActorWorker } from '../../node/test-worker.ts'
import { installErrorTransfer } from '../worker/comlink-errors.ts'
import { GliaError } from '../../glia/errors.ts'
import { MemoryStore } from '../table/test-store.ts'
import { decodeSnapshotFile } from './snapshot-file.ts'
import { SNAPSHOT_MAGIC } from './snapshot-magic.ts'
import { olderFile } from './test-older-file.ts'
import type { Checkpoint, WholeSnapshot } from './snapshot.ts'

let worker: Awaited<ReturnType<typeof builtActorWorker>>
const { makeTab, reload, endTabs } = testTabs(() => worker.script)
let keeper: Uint8Array<ArrayBuffer>

const DURABLE = { policy: { memory: 'durable' } } as const

beforeAll(async () => {
  installErrorTransfer()
  keeper = (await cGuest('keeper')).slice()
  worker = await builtActorWorker()
}, 120_000)
afterEach(endTabs)
afterAll(() => worker.remove())

/** A store that tells of checkpoints. */
class WatchedStore extends MemoryStore {
  readonly checkpoints: Checkpoint[] = []

  override async putCheckpoint(pid: string, checkpoint: Checkpoint): Promise<void> {
    await super.putCheckpoint(pid, checkpoint)
    this.checkpoints.push(checkpoint)
  }
}

/** A store whose next write of a checkpoint waits for this, and fails if it rejects. */
class GatedStore extends MemoryStore {
  gate: Promise<void> | undefined

  override async putCheckpoint(pid: string, checkpoint: Checkpoint): Promise<void> {
    const { gate } = this
    this.gate = undefined
    await gate
    await super.putCheckpoint(pid, checkpoint)
  }
}

const full = (): GliaError => new GliaError('ERR_STORAGE', 'It is full.')

function texts({ entry }: TestProcesses, pid: string): string[] {
  return entry(pid).log.lines.map(({ text }) => text)
}

/** Takes a checkpoint. Resolves when it is taken, and waits to be stored. */
async function take({ entry }: TestProcesses, pid: string): Promise<{ whenStored: Promise<void> }> {
  let taken: { whenStored: Promise<void> } | undefined
  await entry(pid).proc.pause(async () => {
    taken = await entry(pid).memory.save()
    taken.whenStored.catch(() => undefined)
  })
  if (!taken) throw new Error('none was taken')
  return taken
}

const LANGUAGES: readonly (readonly [string, () => Promise<Uint8Array | undefined>])[] = [
  ['C', async () => keeper],
  ['Rust', rustKeeper],
  ['Go', goGuest],
  ['AssemblyScript', () => guest('keeper')],
]

describe.each(LANGUAGES)('an actor in %s', (_, build) => {
  let bytes: Uint8Array<ArrayBuffer> | undefined
  beforeAll(async () => {
    bytes = (await build())?.slice()
  }, 120_000)

  test('goes on after a reload: heap, variables, and the place in an open file', async ({ skip }) => {
    if (!bytes) {
      skip('its compiler is not installed')
      return
    }
    const store = new MemoryStore()
    let tab = makeTab(store)
    const pid = await tab.table.spawn(bytes, DURABLE)
    expect(await tab.call(pid, 'note', 'a')).toBe('1 a | a')
    expect(await tab.call(pid, 'note', 'b')).toBe('2 b a | ab')
    await tab.table.checkpoint(pid)
    tab = await reload(tab, store)
    expect(await tab.call(pid, 'note', 'c')).toBe('3 c b a | abc')
    await tab.table.checkpoint(pid)
    tab = await reload(tab, store)
    expect(await tab.call(pid, 'note')).toBe('3 c b a | abc')
  }, 30_000)

  test('goes back to the state before the message that failed, if its replies wait for the store', async ({ skip }) => {
    if (!bytes) {
      skip('its compiler is not installed')
      return
    }
    const { table, call } = makeTab(new MemoryStore())
    const pid = await table.spawn(bytes, { policy: { memory: 'durable', durable: 'before-reply' } })
    await call(pid, 'note', 'a')
    for (const [count, letter] of ['b', 'c'].entries()) {
      expect(await call(pid, 'trap')).toMatch(/^ERR_(TRAPPED|EXITED)$/)
      expect(await call(pid, 'note', letter)).toBe(['2 b a | ab', '3 c b a | abc'][count])
    }
  }, 30_000)

  test('is new for each message, if its policy says so', async ({ skip }) => {
    if (!bytes) {
      skip('its compiler is not installed')
      return
    }
    const { table, call, entry } = makeTab(new MemoryStore())
    const pid = await table.spawn(bytes, { policy: { memory: 'fresh' } })
    for (const letter of ['a', 'b', 'c']) expect(await call(pid, 'note', letter)).toBe(`1 ${letter} | ${letter}`)
    // More failures than a process may have that lives on.
    for (let i = 0; i < 7; i++) expect(await call(pid, 'trap')).toMatch(/^ERR_(TRAPPED|EXITED)$/)
    expect(await call(pid, 'note', 'd')).toBe('1 d | d')
    expect(entry(pid).proc.evictableSince).toBeDefined()
    await table.setPolicy(pid, { memory: 'resident' })
    await table.restart(pid)
    await call(pid, 'note', 'a')
    expect(await call(pid, 'note', 'b')).toBe('2 b a | ab')
  }, 30_000)

  test('can be forked by a file, and the two are apart', async ({ skip }) => {
    if (!bytes) {
      skip('its compiler is not installed')
      return
    }
    const { table, call } = makeTab(new MemoryStore())
    const pid = await table.spawn(bytes, { args: ['x'] })
    await call(pid, 'note', 'a')
    const file = await table.snapshot(pid)
    const other = makeTab(new MemoryStore())
    const fork = await other.table.spawnFrom(file, {})
    expect(await other.call(fork, 'note', 'b')).toBe('2 b a | ab')
    expect(await call(pid, 'note', 'c')).toBe('2 c a | ac')
    expect(other.entry(fork).record).toMatchObject({ args: ['x'], policy: { memory: 'resident' } })
  }, 30_000)
})

describe('a durable process', () => {
  test('is stored after a message without being asked, and what it changes then as a small part', async () => {
    const store = new WatchedStore()
    const tab = makeTab(store)
    const pid = await tab.table.spawn(keeper, DURABLE)
    await tab.call(pid, 'fill')
    await expect.poll(() => store.checkpoints.length).toBe(1)
    expect(unitsOf(store.checkpoints[0])).toBeGreaterThanOrEqual(64)
    await tab.call(pid, 'note', 'a')
    await expect.poll(() => store.checkpoints.length).toBe(2)
    expect(unitsOf(store.checkpoints[1])).toBeLessThan(10)
    const next = await reload(tab, store)
    expect(await next.call(pid, 'note')).toBe('1 a | a')
  })

  test('is stored when its peer is stopped', async () => {
    const store = new WatchedStore()
    let tab = makeTab(store)
    const pid = await tab.table.spawn(keeper, {})
    await tab.call(pid, 'note', 'a')
    const { proc } = tab.entry(pid)
    await proc.pause(() => tab.table.setPolicy(pid, DURABLE.policy).then(() => undefined))
    expect(store.checkpoints).toEqual([])
    tab = await reload(tab, store)
    expect(await tab.call(pid, 'note', 'b')).toBe('2 b a | ab')
  })

  test('that rests gives its place up, and is back with its next message with all that it knew', async () => {
    const store = new MemoryStore()
    const tab = makeTab(store, 2)
    const { table, call, entry } = tab
    const pids: string[] = []
    for (let i = 0; i < 5; i++) {
      const pid = await table.spawn(keeper, DURABLE)
      pids.push(pid)
      expect(await call(pid, 'note', `n${i}`)).toBe(`1 n${i} | n${i}`)
    }
    for (const [i, pid] of pids.entries()) expect(await call(pid, 'note', 'x')).toBe(`2 x n${i} | n${i}x`)
    const live = pids.filter((pid) => entry(pid).proc.isLive)
    expect(live.length).toBeLessThanOrEqual(2)
    const asleep = pids.filter((pid) => !live.includes(pid)).map((pid) => entry(pid).state)
    expect(new Set(asleep)).toEqual(new Set(['hibernated']))
    // Also in the next page, before anybody has read what is kept.
    const next = await reload(tab, store)
    await expect.poll(() => pids.map((pid) => next.entry(pid).state)).toEqual(pids.map(() => 'hibernated'))
    await next.table.restart(pids[0] ?? '')
    await next.table.setPolicy(pids[1] ?? '', { memory: 'resident' })
    expect(next.entry(pids[1] ?? '').state).toBe('cold')
  })

  test('that the browser does not keep gives its place up if its policy lets it', async () => {
    const store = new MemoryStore()
    store.isFull = true
    const { table, call, entry } = makeTab(store, 1)
    const policy = { memory: 'durable', evict: true } as const
    const pid = await table.spawn(keeper, { policy })
    expect(entry(pid).persisted).toBe(false)
    expect(await call(pid, 'note', 'a')).toBe('1 a | a')
    const other = await table.spawn(keeper, { policy })
    expect(await call(other, 'note', 'b')).toBe('1 b | b')
  })

  test('is stored although an act of its owner had the turn when it was due', async () => {
    const store = new WatchedStore()
    const { table, call, entry } = makeTab(store)
    const pid = await table.spawn(keeper, {})
    await call(pid, 'note', 'a')
    const { proc } = entry(pid)
    const tried = Promise.withResolvers<boolean>()
    const tryPause = proc.tryPause.bind(proc)
    await proc.pause(async () => {
      await table.setPolicy(pid, DURABLE.policy)
      proc.tryPause = (work) => {
        const isDone = tryPause(work)
        tried.resolve(isDone)
        return isDone
      }
      expect(await tried.promise).toBe(false)
    })
    await expect.poll(() => store.checkpoints.length).toBe(1)
  })

  test('goes back to what was kept when it traps, and says what is undone', async () => {
    const store = new MemoryStore()
    const { table, call, entry } = makeTab(store)
    const pid = await table.spawn(keeper, DURABLE)
    await call(pid, 'note', 'a')
    await table.checkpoint(pid)
    expect(await call(pid, 'trap')).toBe('ERR_TRAPPED')
    expect(await call(pid, 'note', 'b')).toBe('2 b a | ab')
    expect(entry(pid).log.lines.map(({ text }) => text)).toContain(
      'Goes on with the memory that was kept after one message.',
    )
  })

  test('begins anew when it leaves by itself, is restarted, or runs another module', async () => {
    const store = new MemoryStore()
    const { table, call } = makeTab(store)
    const pid = await table.spawn(keeper, DURABLE)
    const fill = async (): Promise<void> => {
      await call(pid, 'note', 'a')
      await table.checkpoint(pid)
      expect(store.memories.size).toBe(1)
    }
    await fill()
    expect(await call(pid, 'leave')).toBe('')
    expect(await call(pid, 'note', 'b')).toBe('1 b | b')
    await fill()
    await table.restart(pid)
    expect(await call(pid, 'note', 'b')).toBe('1 b | b')
    await fill()
    await table.swap(pid, altered(keeper))
    expect(await call(pid, 'note', 'b')).toBe('1 b | b')
  })

  test('begins anew after a swap to the same module too, and what it does then is kept', async () => {
    const store = new MemoryStore()
    let tab = makeTab(store)
    const pid = await tab.table.spawn(keeper, DURABLE)
    await tab.call(pid, 'note', 'a')
    await tab.table.checkpoint(pid)
    await tab.call(pid, 'note', 'b')
    await tab.table.swap(pid, keeper)
    expect(await tab.call(pid, 'note', 'c')).toBe('1 c | c')
    await tab.table.checkpoint(pid)
    tab = await reload(tab, store)
    expect(await tab.call(pid, 'note', 'd')).toBe('2 d c | cd')
  })

  test('goes on and is stored when a swap fails', async () => {
    const store = new MemoryStore()
    let tab = makeTab(store)
    const pid = await tab.table.spawn(keeper, DURABLE)
    await tab.call(pid, 'note', 'a')
    await expect(tab.table.swap(pid, bad.initializeTraps.bytes)).rejects.toMatchObject({ code: 'ERR_START' })
    expect(await tab.call(pid, 'note', 'b')).toBe('2 b a | ab')
    await tab.table.checkpoint(pid)
    tab = await reload(tab, store)
    expect(await tab.call(pid, 'note', 'c')).toBe('3 c b a | abc')
  })

  test('leaves nothing in the store when it is killed', async () => {
    const store = new MemoryStore()
    const { table, call } = makeTab(store)
    const pid = await table.spawn(keeper, DURABLE)
    await call(pid, 'note', 'a')
    await table.checkpoint(pid)
    await call(pid, 'note', 'b')
    await table.kill(pid)
    await store.settled()
    expect(store.memories.size).toBe(0)
  })

  test('leaves nothing in the store when it is killed while checkpoints are being stored', async () => {
    const store = new GatedStore()
    const tab = makeTab(store)
    const pid = await tab.table.spawn(keeper, DURABLE)
    const gate = Promise.withResolvers<void>()
    store.gate = gate.promise
    await tab.call(pid, 'note', 'a')
    const first = await take(tab, pid)
    await tab.call(pid, 'note', 'b')
    const second = await take(tab, pid)
    await tab.table.kill(pid)
    gate.resolve()
    await Promise.all([first.whenStored, second.whenStored])
    await store.settled()
    expect([store.records.size, store.memories.size]).toEqual([0, 0])
  })

  test('ends no reply before its state is stored, if its policy says so, and takes the next message after it', async () => {
    const store = new GatedStore()
    const { table, call } = makeTab(store)
    const pid = await table.spawn(keeper, { policy: { memory: 'durable', durable: 'before-reply' } })
    for (const letter of ['a', 'b', 'c']) {
      const gate = Promise.withResolvers<void>()
      store.gate = gate.promise
      let isAnswered = false
      const reply = call(pid, 'note', letter).finally(() => (isAnswered = true))
      await expect.poll(() => store.gate === undefined).toBe(true)
      expect(isAnswered).toBe(false)
      gate.resolve()
      await reply
      expect((await store.snapshot(pid))?.snapshot.messages).toBe({ a: 1, b: 2, c: 3 }[letter])
    }
  })

  test('ends the reply to a message with fsync when its state is stored, if fsync waits', async () => {
    const store = new GatedStore()
    const { table, call } = makeTab(store)
    const ledger = await guest('ledger')
    const pid = await table.spawn(ledger, { policy: { memory: 'durable', sync: 'durable' } })
    await table.checkpoint(pid)
    const gate = Promise.withResolvers<void>()
    store.gate = gate.promise
    let isAnswered = false
    const reply = call(pid, 'once').finally(() => (isAnswered = true))
    await expect.poll(() => store.gate === undefined).toBe(true)
    expect(isAnswered).toBe(false)
    gate.resolve()
    expect(await reply).toBe('0')
    const before = (await store.snapshot(pid))?.snapshot.messages
    // Without fsync nothing waits.
    const never = Promise.withResolvers<void>()
    store.gate = never.promise
    expect(await call(pid, 'count')).toBe('1')
    never.resolve()
    expect(before).toBe(1)
  })

  test('goes back to a snapshot, also after a reload, and forward again', async () => {
    const store = new MemoryStore()
    let tab = makeTab(store)
    const pid = await tab.table.spawn(keeper, DURABLE)
    for (const letter of ['a', 'b', 'c']) {
      await tab.call(pid, 'note', letter)
      await tab.table.checkpoint(pid)
    }
    await tab.call(pid, 'note', 'd')
    const { table, call, entry } = tab
    const [, second] = (await table.snapshots(pid)).filter(({ messages }) => messages > 0)
    expect(second?.messages).toBe(2)
    const id = second?.id ?? 0
    await table.rewind(pid, id)
    expect(await call(pid, 'note', 'x')).toBe('3 x b a | abx')
    await table.rewind(pid, id)
    tab = await reload(tab, store)
    expect(await tab.call(pid, 'note', 'y')).toBe('3 y b a | aby')
    // What was there before is kept too.
    const last = (await tab.table.snapshots(pid)).find(({ messages }) => messages === 4)
    await tab.table.rewind(pid, last?.id ?? 0)
    expect(await tab.call(pid, 'note')).toBe('4 d c b a | abcd')
    const fork = await tab.table.spawnFrom(await tab.table.snapshot(pid, undefined, id), {})
    expect(await tab.call(fork, 'note')).toBe('2 b a | ab')
    expect(texts({ table, call, entry } as TestProcesses, pid).join(' ')).toContain(`Went back to its snapshot ${id}.`)
    await expect(tab.table.rewind(pid, 999)).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
    const resident = await tab.table.spawn(keeper, {})
    await expect(tab.table.rewind(resident, 1)).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
  })

  test('fails a message whose state cannot be stored, and goes on', async () => {
    const store = new GatedStore()
    const { table, call, entry } = makeTab(store)
    const pid = await table.spawn(keeper, { policy: { memory: 'durable', durable: 'before-reply' } })
    await call(pid, 'note', 'a')
    store.gate = Promise.reject(full())
    store.gate.catch(() => undefined)
    expect(await call(pid, 'note', 'b')).toBe('ERR_STORAGE')
    expect(entry(pid).lastError?.error.message).toBe(
      'The message has run, and what it changed may be forgotten. It is full.',
    )
    expect(await call(pid, 'note', 'c')).toBe('3 c b a | abc')
  })

  test('waits for a store that hangs until the deadline of the message', async () => {
    const store = new GatedStore()
    const { table, call } = makeTab(store)
    const pid = await table.spawn(keeper, {
      policy: { memory: 'durable', durable: 'before-reply', deadlineMs: 1000 },
    })
    const gate = Promise.withResolvers<void>()
    store.gate = gate.promise
    expect(await call(pid, 'note', 'a')).toBe('ERR_STORAGE')
    gate.resolve()
    expect(await call(pid, 'note', 'b')).toBe('2 b a | ab')
  })

  test('stores nothing for a message that changed nothing', async () => {
    const store = new WatchedStore()
    const { table, call } = makeTab(store)
    const still = await guest('big')
    const pid = await table.spawn(still, DURABLE)
    await call(pid, 'echo', 'x')
    await table.checkpoint(pid)
    const before = store.checkpoints.length
    await call(pid, 'echo', 'x')
    await table.checkpoint(pid)
    expect(store.checkpoints.length).toBe(before)
  })

  test('says so when its memory cannot be kept, and keeps it once there is room', async () => {
    const store = new MemoryStore()
    const { table, call, entry } = makeTab(store)
    const pid = await table.spawn(keeper, DURABLE)
    await call(pid, 'note', 'a')
    await table.checkpoint(pid)
    store.isFull = true
    await call(pid, 'note', 'b')
    await expect(table.checkpoint(pid)).rejects.toMatchObject({ code: 'ERR_STORAGE' })
    expect(entry(pid).log.lines.at(-1)?.text).toBe('It is full. The process runs, but its memory is not kept.')
    store.isFull = false
    await call(pid, 'note', 'c')
    await table.checkpoint(pid)
    expect(entry(pid).log.lines.at(-1)?.text).toBe('Its memory is kept again.')
  })

  test('is not stored as a change of a state whose write failed, and is stored again some time later', async () => {
    const store = new GatedStore()
    let tab = makeTab(store)
    const pid = await tab.table.spawn(keeper, DURABLE)
    await tab.call(pid, 'note', 'a')
    await tab.table.checkpoint(pid)
    const gate = Promise.withResolvers<void>()
    store.gate = gate.promise
    await tab.call(pid, 'fill')
    const first = await take(tab, pid)
    await tab.call(pid, 'note', 'b')
    const second = await take(tab, pid)
    gate.reject(full())
    await expect(first.whenStored).rejects.toMatchObject({ code: 'ERR_STORAGE' })
    await expect(second.whenStored).rejects.toMatchObject({ code: 'ERR_STORAGE' })
    await expect.poll(() => texts(tab, pid), { timeout: 10_000 }).toContain('Its memory is kept again.')
    tab = await reload(tab, store)
    expect(await tab.call(pid, 'note', 'c')).toBe('3 c b a | abc')
  })

  const drops: readonly (readonly [string, (tab: TestProcesses, pid: string) => Promise<unknown>])[] = [
    ['is restarted', async ({ table }, pid) => table.restart(pid)],
    ['leaves by itself', async ({ call }, pid) => expect(await call(pid, 'leave')).toBe('')],
    ['is to be a resident one', async ({ table }, pid) => table.setPolicy(pid, { memory: 'resident' })],
  ]
  for (const [how, drop] of drops) {
    test(`that ${how} while its first checkpoint is being stored leaves nothing of it`, async () => {
      const store = new GatedStore()
      const tab = makeTab(store)
      const pid = await tab.table.spawn(keeper, DURABLE)
      const gate = Promise.withResolvers<void>()
      store.gate = gate.promise
      await tab.call(pid, 'note', 'a')
      const { whenStored } = await take(tab, pid)
      const dropped = drop(tab, pid)
      await expect.poll(() => store.gate).toBeUndefined()
      gate.resolve()
      await dropped
      await whenStored
      await store.settled()
      const next = await reload(tab, store)
      await next.table.setPolicy(pid, DURABLE.policy)
      expect(await next.call(pid, 'note', 'b')).toBe('1 b | b')
    })
  }

  test('does not start with a damaged memory, and begins anew if its owner says so', async () => {
    const store = new MemoryStore()
    let tab = makeTab(store)
    const pid = await tab.table.spawn(keeper, DURABLE)
    await tab.call(pid, 'note', 'a')
    await tab.table.checkpoint(pid)
    store.loseUnits(pid)
    tab = await reload(tab, store)
    expect(await tab.call(pid, 'note', 'b')).toBe('ERR_START')
    expect(tab.entry(pid).lastError?.error.message).toMatch(
      /^The process could not get back what it had in memory\. .*: a part of it is missing\. Restart it/,
    )
    await tab.table.restart(pid)
    expect(await tab.call(pid, 'note', 'b')).toBe('1 b | b')
  })

  for (const type of ['permanent', 'temporary'] as const) {
    test(`that has died (${type}) goes on with what was kept once it is restarted, and gives a snapshot`, async () => {
      const store = new MemoryStore()
      let tab = makeTab(store)
      const restart = { type, intensity: 0 }
      const pid = await tab.table.spawn(keeper, { ...DURABLE, restart })
      await tab.call(pid, 'note', 'a')
      await tab.table.checkpoint(pid)
      expect(await tab.call(pid, 'trap')).toBe('ERR_TRAPPED')
      expect(tab.entry(pid).proc.state).toBe('dead')
      await store.settled()
      const fork = await tab.table.spawnFrom(await tab.table.snapshot(pid), {})
      expect(await tab.call(fork, 'note', 'x')).toBe('2 x a | ax')
      await tab.table.restart(pid)
      expect(await tab.call(pid, 'note', 'b')).toBe('2 b a | ab')
      await tab.table.checkpoint(pid)
      tab = await reload(tab, store)
      expect(await tab.call(pid, 'note', 'c')).toBe('3 c b a | abc')
      await tab.table.restart(pid)
      expect(await tab.call(pid, 'note', 'd')).toBe('1 d | d')
    })
  }

  const damages: Record<string, (kept: WholeSnapshot) => WholeSnapshot> = {
    'a part of it is damaged': ({ snapshot, packs: [first, ...others] }) => {
      if (!first) throw new Error('nothing is kept')
      const bytes = first.bytes.slice()
      bytes[100] = (bytes[100] ?? 0) ^ 1
      return { snapshot, packs: [{ ...first, bytes }, ...others] }
    },
    'it is of version 2,': ({ snapshot, packs }) => {
      const version = 2 as number as 1
      return { snapshot: { ...snapshot, version }, packs }
    },
  }
  for (const [words, damage] of Object.entries(damages)) {
    test(`does not start with a kept memory of which it is to be said: ${words}`, async () => {
      const store = new MemoryStore()
      let tab = makeTab(store)
      const pid = await tab.table.spawn(keeper, DURABLE)
      await tab.call(pid, 'note', 'a')
      await tab.table.checkpoint(pid)
      const kept = await store.snapshot(pid)
      if (!kept) throw new Error('nothing is kept')
      const { snapshot, packs } = damage(kept)
      await store.putCheckpoint(pid, { snapshot, packs, dropped: 'all' })
      tab = await reload(tab, store)
      expect(await tab.call(pid, 'note', 'b')).toBe('ERR_START')
      expect(tab.entry(pid).lastError?.error.message).toContain(words)
      await expect(tab.table.snapshot(pid)).rejects.toMatchObject({ code: 'ERR_BAD_SNAPSHOT' })
      await tab.table.restart(pid)
      expect(await tab.call(pid, 'note', 'b')).toBe('1 b | b')
    })
  }

  test('that has died of a damaged memory begins anew once it is restarted', async () => {
    const store = new MemoryStore()
    let tab = makeTab(store)
    const pid = await tab.table.spawn(keeper, { ...DURABLE, restart: { intensity: 0 } })
    await tab.call(pid, 'note', 'a')
    await tab.table.checkpoint(pid)
    store.loseUnits(pid)
    tab = await reload(tab, store)
    expect(await tab.call(pid, 'note', 'b')).toBe('ERR_PROC_STOPPED')
    expect(tab.entry(pid).proc.state).toBe('dead')
    await tab.table.restart(pid)
    expect(await tab.call(pid, 'note', 'b')).toBe('1 b | b')
  })

  test('whose module cannot be taken apart lives as before, and its log says why', async () => {
    const { table, call, entry } = makeTab(new MemoryStore())
    const pid = await table.spawn(await guest('cmd'), DURABLE)
    expect(entry(pid).log.lines.map(({ text }) => text)).toContain(
      'Its memory is not kept: it is a command: each message gets a fresh instance.',
    )
    await call(pid, '_start')
    await expect(table.checkpoint(pid)).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
  })

  test('is a resident one once its policy says so, and the other way round', async () => {
    const store = new MemoryStore()
    let tab = makeTab(store)
    const pid = await tab.table.spawn(keeper, {})
    await tab.call(pid, 'note', 'a')
    await expect(tab.table.checkpoint(pid)).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
    await tab.table.setPolicy(pid, { memory: 'durable' })
    await tab.table.checkpoint(pid)
    tab = await reload(tab, store)
    expect(await tab.call(pid, 'note', 'b')).toBe('2 b a | ab')
    await tab.table.setPolicy(pid, { memory: 'resident' })
    await store.settled()
    expect(store.memories.size).toBe(0)
    tab = await reload(tab, store)
    expect(await tab.call(pid, 'note', 'c')).toBe('1 c | c')
  })
})

describe('a snapshot file', () => {
  test('has /data and the arguments, and goes on as a durable process if asked to', async () => {
    const { table, call } = makeTab(new MemoryStore())
    const pid = await table.spawn(keeper, { name: 'first', env: { A: 'b' }, files: { 'x/y': 'z' } })
    await call(pid, 'note', 'a')
    const file = await table.snapshot(pid)
    const store = new MemoryStore()
    let other = makeTab(store)
    const fork = await other.table.spawnFrom(file, { name: 'second', ...DURABLE })
    expect(other.entry(fork).record).toMatchObject({ name: 'second', env: { A: 'b' } })
    expect((await other.table.files.list(fork)).entries.map(({ path }) => path)).toEqual(['x', 'x/y'])
    await other.table.checkpoint(fork)
    other = await reload(other, store)
    expect(await other.call(fork, 'note', 'b')).toBe('2 b a | ab')
  })

  test('makes a durable process that is kept before it starts, when all places are taken', async () => {
    const store = new MemoryStore()
    let tab = makeTab(store, 1)
    const pid = await tab.table.spawn(keeper, {})
    await tab.call(pid, 'note', 'a')
    const file = await tab.table.snapshot(pid)
    let fork = ''
    await tab.entry(pid).proc.pause(async () => {
      fork = await tab.table.spawnFrom(file, DURABLE)
    })
    expect(tab.entry(fork).proc.state).toBe('cold')
    await store.settled()
    tab = await reload(tab, store)
    expect(await tab.call(fork, 'note', 'b')).toBe('2 b a | ab')
    await tab.table.checkpoint(fork)
    tab = await reload(tab, store)
    expect(await tab.call(fork, 'note', 'c')).toBe('3 c b a | abc')
  })

  test('of a process that sleeps is what is kept', async () => {
    const store = new MemoryStore()
    let tab = makeTab(store)
    const pid = await tab.table.spawn(keeper, DURABLE)
    await tab.call(pid, 'note', 'a')
    await tab.table.checkpoint(pid)
    tab = await reload(tab, store)
    const file = await tab.table.snapshot(pid)
    expect(tab.entry(pid).proc.state).toBe('cold')
    const fork = await tab.table.spawnFrom(file, {})
    expect(await tab.call(fork, 'note', 'b')).toBe('2 b a | ab')
  })

  test('of a process that never had a message is refused in words', async () => {
    const { table } = makeTab(new MemoryStore(), 1)
    await table.spawn(keeper, {})
    const busy = table.entries[0]
    await busy?.proc.pause(async () => {
      const cold = table.spawn(keeper, {})
      await expect(cold.then((pid) => table.snapshot(pid))).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
    })
  })

  test('that is damaged anywhere is refused, and nothing is left of it', async () => {
    const { table, call } = makeTab(new MemoryStore())
    const pid = await table.spawn(keeper, { name: 'first', env: { A: 'b' }, files: { 'x/y': 'z', '/share/w': 'v' } })
    await call(pid, 'note', 'a')
    const blob = await table.snapshot(pid)
    const file = new Uint8Array(await blob.arrayBuffer())
    const refused = async (bytes: Uint8Array<ArrayBuffer>): Promise<unknown> =>
      decodeSnapshotFile(new Blob([bytes])).then(
        () => 'taken',
        (thrown: { code?: string }) => thrown.code,
      )
    expect(await refused(file)).toBe('taken')
    const older = await olderFile(blob, SNAPSHOT_MAGIC.length)
    expect(await refused(older)).toBe('taken')
    let x = 1
    const random = (below: number): number => (x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 1) % below
    const [found, ofOlder] = [new Set<unknown>(), new Set<unknown>()]
    const flipped = (whole: Uint8Array<ArrayBuffer>, below: number): Uint8Array<ArrayBuffer> => {
      const bytes = whole.slice()
      const at = random(below)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8))
      return bytes
    }
    for (let i = 0; i < 60; i++) {
      // In the part that says how the rest is to be read, and anywhere.
      const below = i % 2 === 0 ? older.length : Math.min(older.length, 4000)
      found.add(await refused(flipped(file, below)))
      found.add(await refused(file.slice(0, random(file.length))))
      ofOlder.add(await refused(flipped(older, below)))
    }
    expect([...found]).toEqual(['ERR_BAD_SNAPSHOT'])
    // In a file of an older version names, arguments and times may be others.
    ofOlder.delete('taken')
    expect([...ofOlder]).toEqual(['ERR_BAD_SNAPSHOT'])
    await expect(table.spawnFrom(new Blob([file.slice(0, -1)]), {})).rejects.toMatchObject({ code: 'ERR_BAD_SNAPSHOT' })
    expect(table.entries).toHaveLength(1)
  })

  test.each([
    ['a name', 'first'],
    ['a variable of its environment', 'bcdef'],
    ['the content of a file', 'zzzzz'],
    ['the head of a file', 'ustar'],
    ['a read-only file', 'vvvvv'],
  ])('with another byte in %s is refused', async (_, part) => {
    const { table, call } = makeTab(new MemoryStore())
    const options = { name: 'first', env: { A: 'bcdef' }, files: { 'x/y': 'zzzzz', '/share/w': 'vvvvv' } }
    const pid = await table.spawn(keeper, options)
    await call(pid, 'note', 'a')
    const blob = await table.snapshot(pid)
    const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
    const damaged = (bytes: Uint8Array<ArrayBuffer>): Blob => {
      const at = text(bytes).indexOf(part)
      bytes[at] = Number(bytes[at]) ^ 1
      return new Blob([bytes])
    }
    const file = damaged(new Uint8Array(await blob.arrayBuffer()))
    await expect(table.spawnFrom(file, {})).rejects.toMatchObject({ code: 'ERR_BAD_SNAPSHOT' })
    // A file of an older version shows it where its form is wrong.
    const older = table.spawnFrom(damaged(await olderFile(blob, SNAPSHOT_MAGIC.length)), {})
    const code = part === 'ustar' ? 'ERR_BAD_SNAPSHOT' : 'taken'
    expect(
      await older.then(
        () => 'taken',
        (thrown: { code?: string }) => thrown.code,
      ),
    ).toBe(code)
  })
})

function unitsOf(checkpoint: Checkpoint | undefined): number {
  return (checkpoint?.packs ?? []).reduce((sum, { hashes }) => sum + hashes.length / 32, 0)
}
