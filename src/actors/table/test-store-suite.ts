// For tests: what every store of processes must do, whatever keeps it.
import { expect, test } from 'vitest'
import type { FileEntry } from '../files/files-api.ts'
import { type Checkpoint, type Pack, type Snapshot, SNAPSHOT_VERSION } from '../snapshot/snapshot.ts'
import { instancePid } from '../../glia/instance-key.ts'
import { newPid } from '../../glia/pid.ts'
import { DEFAULT_POLICY } from '../../glia/process/policy.ts'
import { DEFAULT_RESTART } from '../../glia/process/restart.ts'
import type { ProcessRecord } from './process-record.ts'
import type { ProcessStore } from './process-store.ts'
import type { Reminder } from './reminder.ts'

function record(more: Partial<ProcessRecord> = {}): ProcessRecord {
  return {
    pid: newPid(),
    slot: 0,
    name: 'a',
    args: ['-v'],
    env: { LANG: 'de' },
    cid: 'bafkone',
    moduleBytes: 3,
    methods: ['run'],
    policy: DEFAULT_POLICY,
    restart: DEFAULT_RESTART,
    root: false,
    createdAt: 1,
    ...more,
  }
}

const blob = (...bytes: number[]): Blob => new Blob([new Uint8Array(bytes)])

async function bytesOf(found: Blob | undefined): Promise<number[] | undefined> {
  return found && [...new Uint8Array(await found.arrayBuffer())]
}

function file(path: string, text: string): FileEntry {
  return { kind: 'file', path, bytes: new TextEncoder().encode(text) }
}

function checkpoint(messages: number, packs: number[], dropped: Checkpoint['dropped']): Checkpoint {
  const snapshot: Snapshot = {
    version: SNAPSHOT_VERSION,
    cid: 'bafkone',
    messages,
    memoryBytes: 65_536,
    memory: new Uint8Array([messages]),
    globals: [],
    clock: { realtimeMs: 1, monotonicNs: 2n },
    files: [],
    descriptors: [],
  }
  return { snapshot, packs: packs.map(packOf), dropped }
}

function packOf(id: number): Pack {
  return { id, hashes: new Uint8Array([id]), bytes: new Uint8Array([id]) }
}

function reminder(pid: string, id: string): Reminder {
  return { id, pid, method: 'wake', body: new Uint8Array([1, 2]), dueAt: 5, again: { everyMs: 1000 }, plannedAt: 4 }
}

/** @param open Opens a store that is empty, or the one that was opened before, once more. */
export function testStore(open: (kept?: ProcessStore) => Promise<ProcessStore>): void {
  test('processes come back as they were, by identity, in the order in which they were made', async () => {
    const store = await open()
    const late = record({ createdAt: 3 })
    const early = record({ createdAt: 2, previous: { cid: 'bafktwo', moduleBytes: 1, methods: [] }, tty: true })
    await store.putProcesses([late])
    await store.putProcesses([early])
    await store.putProcesses([record({ slot: 1 })])
    expect(await (await open(store)).processes(0)).toEqual([early, late])
  })

  test('a module is kept as long as a process of any identity needs it', async () => {
    let store = await open()
    const one = record()
    const other = record({ slot: 1 })
    await store.putProcesses(
      [one],
      new Map([
        ['bafkone', blob(1, 2)],
        ['bafknone', blob(9)],
      ]),
    )
    await store.putProcesses([other], new Map([['bafkone', blob(1, 2)]]))
    store = await open(store)
    expect(await bytesOf(await store.module('bafkone'))).toEqual([1, 2])
    // Nobody needs it.
    expect(await store.module('bafknone')).toBe(undefined)
    await store.deleteProcess(one.pid)
    expect(await bytesOf(await store.module('bafkone'))).toEqual([1, 2])
    await store.putProcesses([{ ...other, cid: 'bafktwo' }], new Map([['bafktwo', blob(3)]]))
    expect(await store.module('bafkone')).toBe(undefined)
    expect(await bytesOf(await store.module('bafktwo'))).toEqual([3])
  })

  test('processes are kept together, all of them or none', async () => {
    let store = await open()
    const [one, other] = [record(), record({ createdAt: 2 })]
    await store.putProcesses([one, other], new Map([['bafkone', blob(1)]]))
    store = await open(store)
    expect(await store.processes(0)).toEqual([one, other])
    const odd = { ...other, name: (() => 'b') as unknown as string }
    await expect(store.putProcesses([{ ...one, cid: 'bafktwo' }, odd])).rejects.toThrow(/could not be cloned/)
    store = await open(store)
    expect(await store.processes(0)).toEqual([one, other])
    await store.putProcesses([
      { ...one, cid: 'bafktwo' },
      { ...other, cid: 'bafktwo' },
    ])
    expect(await store.module('bafkone')).toBe(undefined)
  })

  test('files change all at once, and those of one process are not those of another', async () => {
    let store = await open()
    const [one, other] = [record(), record()]
    await store.putProcesses([one])
    await store.putProcesses([other])
    const odd = ['a', 'a/b', 'a b', 'ä', '\u0001', '\uffff', '~', '𝄞']
    await store.changeFiles(
      one.pid,
      odd.map((path) => file(path, path)),
      'relaxed',
    )
    await store.changeFiles(other.pid, [file('a', 'other')], 'strict')
    await store.changeFiles(one.pid, [{ kind: 'removed', path: 'a' }, file('a b', 'new')], 'strict')
    store = await open(store)
    const found = new Map((await store.files(one.pid)).map((entry) => [entry.path, entry]))
    expect([...found.keys()].toSorted()).toEqual(odd.filter((path) => path !== 'a').toSorted())
    expect(found.get('a b')).toEqual(file('a b', 'new'))
    expect(await store.files(other.pid)).toEqual([file('a', 'other')])
    await store.deleteProcess(one.pid)
    expect(await store.files(one.pid)).toEqual([])
    expect(await store.files(other.pid)).toHaveLength(1)
  })

  test('a checkpoint takes the place of those before it, with the parts that it still needs', async () => {
    let store = await open()
    const { pid } = await kept(store)
    expect(await store.snapshot(pid)).toBe(undefined)
    await store.putCheckpoint(pid, checkpoint(1, [1, 2, 10], 'all'), 'relaxed')
    await store.putCheckpoint(pid, checkpoint(2, [11], [2]), 'strict')
    store = await open(store)
    const whole = await store.snapshot(pid)
    expect(whole?.snapshot.messages).toBe(2)
    expect(whole?.packs.map(({ id }) => id)).toEqual([1, 10, 11])
    await store.putCheckpoint(pid, checkpoint(3, [20], 'all'), 'relaxed')
    expect((await store.snapshot(pid))?.packs.map(({ id }) => id)).toEqual([20])
    await store.dropSnapshot(pid)
    expect(await store.snapshot(pid)).toBe(undefined)
    await store.putCheckpoint(pid, checkpoint(4, [30], 'all'), 'relaxed')
    expect((await store.snapshot(pid))?.packs.map(({ id }) => id)).toEqual([30])
  })

  test('the last ten snapshots of a process are there, each with the parts that it needs', async () => {
    let store = await open()
    const { pid } = await kept(store)
    expect(await store.snapshots(pid)).toEqual([])
    for (let n = 1; n <= 13; n++) {
      const dropped = n % 5 === 1 ? 'all' : [n - 1]
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await store.putCheckpoint(pid, checkpoint(n, [n], dropped), 'relaxed')
    }
    store = await open(store)
    const listed = await store.snapshots(pid)
    expect(listed.map(({ messages }) => messages)).toEqual([13, 12, 11, 10, 9, 8, 7, 6, 5, 4])
    expect(listed.map(({ id }) => id)).toEqual(listed.map(({ id }) => id).toSorted((a, b) => b - a))
    for (const { id, messages } of listed) {
      // oxlint-disable-next-line no-await-in-loop
      const whole = await store.snapshot(pid, id)
      expect(whole?.snapshot.messages).toBe(messages)
      expect(whole?.packs.map((pack) => pack.id)).toEqual([messages])
    }
    expect(await store.snapshot(pid, 3)).toBe(undefined)
    // A pack of a later instance may have the number of an earlier one's.
    await store.putCheckpoint(pid, checkpoint(14, [13], 'all'), 'relaxed')
    const [, before] = await store.snapshots(pid)
    expect((await store.snapshot(pid, before?.id))?.snapshot.messages).toBe(13)
    await store.dropSnapshot(pid)
    expect(await store.snapshots(pid)).toEqual([])
  })

  test('a part that only an earlier snapshot has is not overwritten by a later one', async () => {
    let store = await open()
    const { pid } = await kept(store)
    await store.putCheckpoint(pid, checkpoint(1, [1], 'all'), 'relaxed')
    await store.putCheckpoint(pid, checkpoint(2, [2], []), 'relaxed')
    await store.putCheckpoint(pid, checkpoint(3, [], [2]), 'relaxed')
    store = await open(store)
    // Whoever goes on from here numbers the next one after the last.
    expect(Math.max(...((await store.snapshot(pid))?.packs.map(({ id }) => id) ?? []))).toBe(2)
  })

  test('a checkpoint of a process that was forgotten meanwhile is not kept', async () => {
    const store = await open()
    const { pid } = await kept(store)
    await Promise.all([store.deleteProcess(pid), store.putCheckpoint(pid, checkpoint(1, [1], 'all'), 'relaxed')])
    expect(await store.snapshot(pid)).toBe(undefined)
  })

  test('reads and writes happen in the order in which they were asked for', async () => {
    const store = await open()
    const { pid } = await kept(store)
    const done = [1, 2, 3, 4, 5].map(async (n) => {
      await store.putCheckpoint(pid, checkpoint(n, [n], 'all'), n % 2 === 0 ? 'strict' : 'relaxed')
    })
    const read = store.snapshot(pid)
    const dropped = store.dropSnapshot(pid)
    expect((await read)?.snapshot.messages).toBe(5)
    await Promise.all([...done, dropped])
    expect(await store.snapshot(pid)).toBe(undefined)
  })

  test('keys are kept with their files and their memory, and go with them', async () => {
    let store = await open()
    const [one, other] = [await kept(store), await kept(store)]
    const keys = ['a', 'a b', 'a:b', 'b', 'ä', '𝄞']
    const fill = async ({ pid }: ProcessRecord, key: string): Promise<void> => {
      await store.putKey(pid, { key, createdAt: 1 })
      await store.changeFiles(instancePid(pid, key), [file('a', key)], 'relaxed')
      await store.putCheckpoint(instancePid(pid, key), checkpoint(1, [1, 2], 'all'), 'strict')
    }
    for (const key of keys) await fill(one, key)
    await fill(other, 'a')
    await store.putKey(one.pid, { key: 'b', createdAt: 1, dead: 'It trapped.' })
    store = await open(store)
    expect(await store.countKeys(one.pid)).toBe(6)
    expect((await store.keys(one.pid, 3)).map(({ key }) => key)).toEqual(['a', 'a b', 'a:b'])
    expect(await store.keys(one.pid, 1, 'a:b')).toEqual([{ key: 'b', createdAt: 1, dead: 'It trapped.' }])
    expect((await store.keys(one.pid, 100)).map(({ key }) => key).toSorted()).toEqual(keys.toSorted())
    expect(await store.key(one.pid, 'b')).toMatchObject({ dead: 'It trapped.' })
    expect(await store.key(one.pid, 'c')).toBe(undefined)
    expect((await store.snapshot(`${one.pid}:a`))?.packs).toHaveLength(2)
    await store.deleteKey(one.pid, 'a')
    expect([await store.key(one.pid, 'a'), await store.snapshot(`${one.pid}:a`)]).toEqual([undefined, undefined])
    expect([await store.files(`${one.pid}:a`), await store.files(`${one.pid}:a b`)]).toMatchObject([[], [{}]])
    await store.dropSnapshots(one.pid)
    expect([await store.snapshot(`${one.pid}:b`), await store.countKeys(one.pid)]).toEqual([undefined, 5])
    await store.deleteProcess(one.pid)
    expect([await store.countKeys(one.pid), await store.files(`${one.pid}:b`)]).toEqual([0, []])
    expect([await store.countKeys(other.pid), await store.files(`${other.pid}:a`)]).toMatchObject([1, [{}]])
    expect((await store.snapshot(`${other.pid}:a`))?.snapshot.messages).toBe(1)
  })

  test('nothing is kept for a key that is not there, or whose process is gone', async () => {
    const store = await open()
    const { pid } = await kept(store)
    await store.putCheckpoint(instancePid(pid, 'a'), checkpoint(1, [1], 'all'), 'relaxed')
    expect(await store.snapshot(`${pid}:a`)).toBe(undefined)
    await Promise.all([store.deleteProcess(pid), store.putKey(pid, { key: 'a', createdAt: 1 })])
    expect(await store.key(pid, 'a')).toBe(undefined)
  })

  test('reminders are kept with their processes and keys, and go with them', async () => {
    let store = await open()
    const [one, other, elsewhere] = [await kept(store), await kept(store), record({ slot: 1 })]
    await store.putProcesses([elsewhere])
    const all = [
      reminder(one.pid, 'x'),
      reminder(instancePid(one.pid, 'a'), 'x'),
      reminder(instancePid(one.pid, 'b'), 'x'),
      reminder(other.pid, 'x'),
    ]
    for (const each of [...all, reminder(elsewhere.pid, 'x'), reminder(newPid(), 'x')]) await store.putReminder(each)
    store = await open(store)
    const found = async (): Promise<Set<string>> => new Set((await store.reminders(0)).map(({ pid }) => pid))
    expect((await store.reminders(0)).find(({ pid }) => pid === one.pid)).toEqual(all[0])
    expect(await found()).toEqual(new Set(all.map(({ pid }) => pid)))
    await store.putReminder({ ...reminder(one.pid, 'x'), dueAt: 9 })
    expect((await store.reminders(0)).find(({ pid }) => pid === one.pid)).toMatchObject({ dueAt: 9 })
    await store.deleteKey(one.pid, 'a')
    await store.deleteReminder(reminder(other.pid, 'x'))
    expect(await found()).toEqual(new Set([one.pid, `${one.pid}:b`]))
    // One that was asked for just before would stay for ever.
    await Promise.all([store.deleteProcess(one.pid), store.putReminder(reminder(one.pid, 'y'))])
    await store.putProcesses([one])
    expect(await found()).toEqual(new Set())
    expect((await store.reminders(1)).map(({ pid }) => pid)).toEqual([elsewhere.pid])
  })

  test('what was given may change afterwards, and what was read is one’s own', async () => {
    const store = await open()
    const { pid } = await kept(store)
    const entry = { kind: 'file', path: 'a', bytes: new Uint8Array([1]) } as const
    await store.changeFiles(pid, [entry], 'relaxed')
    const given = checkpoint(1, [1], 'all')
    await store.putCheckpoint(pid, given, 'relaxed')
    const [pack] = (await store.snapshot(pid))?.packs ?? []
    const bytes = (pack as { bytes: Uint8Array<ArrayBuffer> } | undefined)?.bytes
    if (bytes) structuredClone(bytes, { transfer: [bytes.buffer] })
    expect(bytes?.length).toBe(0)
    expect(await store.snapshot(pid)).toEqual({ snapshot: given.snapshot, packs: given.packs })
  })
}

async function kept(store: ProcessStore): Promise<ProcessRecord> {
  const made = record()
  await store.putProcesses([made])
  return made
}
