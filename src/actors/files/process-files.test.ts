import { afterEach, describe, expect, test } from 'vitest'
import { GliaError } from '../../glia/errors.ts'
import { nextTask } from '../../glia/wait/next-task.ts'
import type { FilesSynced } from './file-barrier.ts'
import type { FileChange, FileEntry } from './files-api.ts'
import type { FilesSession } from './files-session.ts'
import { type FileStore, ProcessFiles } from './process-files.ts'

const MiB = 1024 * 1024
const PID = 'p'

const sessions: FilesSession[] = []

/** A store in memory, which can be full or slow. */
class MemoryStore implements FileStore {
  readonly kept = new Map<string, FileEntry>()
  isFull = false
  isBroken = false
  gate: Promise<void> = Promise.resolve()
  durability: string | undefined
  writes = 0
  reads = 0

  async files(): Promise<FileEntry[]> {
    this.reads += 1
    if (this.isBroken) throw new GliaError('ERR_STORAGE', 'It is broken.')
    return [...this.kept.values()]
  }

  async changeFiles(_pid: string, changes: readonly FileChange[], durability: string): Promise<void> {
    this.durability = durability
    await this.gate
    if (this.isFull) throw new GliaError('ERR_STORAGE', 'It is full.')
    this.writes += 1
    for (const change of changes) {
      if (change.kind === 'removed') this.kept.delete(change.path)
      else this.kept.set(change.path, change)
    }
  }
}

afterEach(() => {
  for (const session of sessions.splice(0)) {
    session.close()
    session.kept.port.close()
  }
})

function make(store?: FileStore, maxBytes = 64 * MiB, sync: 'relaxed' | 'durable' = 'relaxed') {
  const lines: string[] = []
  const files = new ProcessFiles({
    pid: PID,
    store,
    maxBytes,
    sync,
    report: (line) => lines.push(line),
    changed: () => undefined,
  })
  return { files, lines }
}

/** A worker of the process, as the page sees it. It reports changes, and waits until they have arrived. */
async function work(files: ProcessFiles) {
  const session = await files.open()
  sessions.push(session)
  let reports = 0
  const tell = async (...changes: unknown[]): Promise<void> => {
    session.kept.port.postMessage({ type: 'changed', changes, tooLong: 0 })
    await session.received(++reports)
  }
  /** What was put into it. */
  const given: string[] = []
  const put = async (changes: readonly FileChange[]): Promise<void> =>
    void given.push(...changes.map(({ path, kind }) => (kind === 'removed' ? `-${path}` : path)))
  return { session, tell, put, given, found: session.kept.entries.map(({ path }) => path) }
}

async function begin(files: ProcessFiles) {
  const worker = await work(files)
  files.begin(worker.session, worker.put)
  return worker
}

function file(path: string, bytes: number | string = 'x'): FileEntry & { kind: 'file' } {
  return {
    path,
    kind: 'file',
    bytes: typeof bytes === 'string' ? new TextEncoder().encode(bytes) : new Uint8Array(bytes),
  }
}

async function pathsOf(files: ProcessFiles): Promise<string[]> {
  return (await files.entries()).map(({ path }) => path)
}

test('changes are stored, and the next page has them', async () => {
  const store = new MemoryStore()
  const { files } = make(store)
  files.keep()
  const { tell } = await begin(files)
  await tell({ path: 'd', kind: 'directory' }, file('d/a', 'one'), file('b'))
  await tell(file('d/a', 'three'), { path: 'b', kind: 'removed' })
  await files.release()
  expect([...store.kept.keys()]).toEqual(['d', 'd/a'])
  const next = make(store).files
  next.keep()
  const { infos, bytes } = await next.load()
  expect(infos).toMatchObject([
    { path: 'd', kind: 'directory', bytes: 0 },
    { path: 'd/a', kind: 'file', bytes: 5 },
  ])
  expect(bytes).toBe(5)
  expect((await work(next)).found).toEqual(['d', 'd/a'])
})

test('what waits to be stored is there for the next worker', async () => {
  const store = new MemoryStore()
  const open = Promise.withResolvers<void>()
  store.gate = open.promise
  const { files } = make(store)
  files.keep()
  const first = await begin(files)
  await first.tell(file('a'))
  await first.tell(file('b'), { path: 'a', kind: 'removed' })
  files.stopped(first.session)
  expect((await begin(files)).found).toEqual(['b'])
  open.resolve()
  await files.release()
})

test('nothing is stored before the process is, and nothing after', async () => {
  const store = new MemoryStore()
  const { files } = make(store)
  const { tell } = await begin(files)
  await tell(file('a'))
  expect(store.writes).toBe(0)
  files.keep()
  await tell(file('b'))
  await expect.poll(() => [...store.kept.keys()]).toEqual(['a', 'b'])
  expect((await files.release())?.length).toBe(2)
  store.kept.clear()
  await tell(file('c'))
  expect(store.kept.size).toBe(0)
  expect(await pathsOf(files)).toEqual(['a', 'b', 'c'])
  files.keep()
  await expect.poll(() => [...store.kept.keys()]).toEqual(['a', 'b', 'c'])
})

test('files that cannot be read are not let go', async () => {
  const store = new MemoryStore()
  const { files, lines } = make(store)
  files.keep()
  const { tell } = await begin(files)
  await tell(file('a'))
  await expect.poll(() => store.kept.size).toBe(1)
  store.isBroken = true
  expect(await files.release()).toBeUndefined()
  expect(lines).toEqual(['What is kept under /data could not be read: It is broken.'])
  store.isBroken = false
  await tell(file('b'))
  await expect.poll(() => store.kept.size).toBe(2)
  expect(await pathsOf(files)).toEqual(['a', 'b'])
})

test('what was let go is put below what has changed since', async () => {
  const { files } = make()
  files.hold([file('a', 'old'), file('b')])
  const { tell, found } = await begin(files)
  expect(found).toEqual(['a', 'b'])
  await tell(file('a', 'newer'))
  expect((await files.load()).bytes).toBe(6)
})

test('a folder is removed with what is in it, from the worker and from the store', async () => {
  const store = new MemoryStore()
  const { files } = make(store)
  files.keep()
  const { tell, given } = await begin(files)
  await tell({ path: 'd', kind: 'directory' }, file('d/a'), file('d.txt'), file('e'))
  await files.remove('d')
  expect(given).toEqual(['-d'])
  expect(await pathsOf(files)).toEqual(['d.txt', 'e'])
  await files.remove('e')
  expect([...store.kept.keys()]).toEqual(['d.txt'])
  await expect(files.remove('d/a')).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
})

test('without a store they live as long as the page', async () => {
  const { files } = make()
  files.keep()
  const { tell, session } = await begin(files)
  await tell(file('a'))
  files.stopped(session)
  expect((await begin(files)).found).toEqual(['a'])
})

test('a store that is full is told of once, nothing is lost in this page, and the next change tries again', async () => {
  const store = new MemoryStore()
  store.isFull = true
  const { files, lines } = make(store)
  files.keep()
  const { tell } = await begin(files)
  await tell(file('a'))
  await tell(file('b'))
  await expect
    .poll(() => lines)
    .toEqual([
      'It is full. The process runs, but these files are lost when this peer ends, unless they can be kept until then.',
    ])
  expect(await pathsOf(files)).toEqual(['a', 'b'])
  store.isFull = false
  await tell({ path: 'b', kind: 'removed' })
  await expect.poll(() => [...store.kept.keys()]).toEqual(['a'])
  expect(lines.at(-1)).toBe('What is under /data is kept again.')
})

test('a message waits while much waits to be stored, and no longer than its caller', async () => {
  const store = new MemoryStore()
  const { files } = make(store)
  files.keep()
  const never = new AbortController().signal
  const { tell } = await begin(files)
  expect(files.whenRoom(never)).toBeUndefined()
  const open = Promise.withResolvers<void>()
  store.gate = open.promise
  await tell(file('small', MiB))
  expect(files.whenRoom(never)).toBeUndefined()
  await tell(file('large', 9 * MiB))
  const caller = new AbortController()
  const [room, given] = [files.whenRoom(never), files.whenRoom(caller.signal)]
  caller.abort()
  await given
  expect(store.writes).toBe(0)
  open.resolve()
  await room
  expect(store.kept.get('large')).toBeDefined()
})

test('names of one file count each, and what is too much is told', async () => {
  const { files, lines } = make(undefined, MiB)
  const { tell } = await begin(files)
  await tell(file('a', 600_000), file('b', 600_000))
  await tell(file('c', 600_000), { path: 'a', kind: 'removed' })
  expect(await pathsOf(files)).toEqual(['c'])
  expect(lines).toEqual([expect.stringMatching(/^\/data\/b is not kept as they are now: .* more than 1 MiB\.$/)])
})

test('directories and links count too, with their names and where they lead', async () => {
  const { files, lines } = make(undefined, MiB)
  const { tell } = await begin(files)
  const name = (i: number): string => `${i}`.padEnd(200, 'n')
  await tell(...Array.from({ length: 5000 }, (_, i) => ({ path: `d/${name(i)}`, kind: 'directory' })))
  const { size, memoryBytes } = await files.load()
  expect(size).toBe(Math.floor(MiB / (256 + 128 + 400)))
  await tell({ path: 'l', kind: 'link', target: 't'.repeat(4000) })
  await tell({ path: `d/${name(0)}`, kind: 'removed' }, { path: 'm', kind: 'link', target: 't' })
  expect((await pathsOf(files)).at(-1)).toBe('m')
  expect((await files.load()).memoryBytes).toBe(memoryBytes - 400 + 2 + 1)
  expect(lines).toEqual([
    expect.stringMatching(/^3663 files under \/data are not kept/),
    expect.stringMatching(/^\/data\/l is not kept/),
  ])
})

test('a worker begins with all that is there, if that is more than it may have', async () => {
  const { files } = make(undefined, 1000)
  files.hold([file('a', 2000)])
  expect((await work(files)).session.kept.maxBytes).toBe(2386)
})

test('a worker that does not start changes nothing, and the one before goes on', async () => {
  const { files } = make()
  const first = await begin(files)
  const failing = await work(files)
  failing.session.kept.port.postMessage({ type: 'changed', changes: [file('wrong')], tooLong: 0 })
  files.stopped(failing.session)
  await first.tell(file('right'))
  expect(await pathsOf(files)).toEqual(['right'])
})

test('nonsense of a worker is refused and told', async () => {
  const { files, lines } = make()
  const { tell } = await begin(files)
  await tell({ path: '../up', kind: 'directory' })
  expect(await pathsOf(files)).toEqual([])
  expect(lines[0]).toMatch(/^What was changed under \/data is not kept: Not a change of a file/)
})

test('what has too long a path to be kept is told', async () => {
  const { files, lines } = make()
  const { session } = await begin(files)
  session.kept.port.postMessage({ type: 'changed', changes: [file('a')], tooLong: 1 })
  session.kept.port.postMessage({ type: 'changed', changes: [], tooLong: 2 })
  await session.received(2)
  expect(await pathsOf(files)).toEqual(['a'])
  expect(lines).toEqual([
    expect.stringMatching(/^Something under \/data is not kept: a path may have 4096 characters/),
    expect.stringMatching(/^2 files and directories under \/data are not kept/),
  ])
})

test('what a worker told at its very end is there for the next one', async () => {
  const { files } = make()
  const { session } = await begin(files)
  session.kept.port.postMessage({ type: 'changed', changes: [file('last')], tooLong: 0 })
  files.stopped(session)
  expect((await begin(files)).found).toEqual(['last'])
})

test('a worker that has started has the files, and the page not a second time', async () => {
  const { files } = make()
  files.hold([file('a')])
  const { session, found } = await begin(files)
  expect([found, session.kept.entries]).toEqual([['a'], []])
})

test('all who ask what there is wait for one read, and one that fails is tried again', async () => {
  const store = new MemoryStore()
  store.kept.set('a', file('a'))
  const { files } = make(store)
  files.keep()
  store.isBroken = true
  await expect(files.load()).rejects.toMatchObject({ code: 'ERR_STORAGE' })
  store.isBroken = false
  expect((await Promise.all([files.load(), files.load(), files.load()])).map(({ size }) => size)).toEqual([1, 1, 1])
  expect(store.reads).toBe(2)
})

describe('fsync under the policy durable', () => {
  /** A worker whose guest is suspended in fsync, as the page sees it. */
  async function syncer(files: ProcessFiles) {
    const session = await files.open('JSPI')
    sessions.push(session)
    files.begin(session, async () => undefined)
    const { port } = session.kept
    let last = 0
    const sync = async (...changes: unknown[]): Promise<boolean> => {
      const answered = new Promise<boolean>((resolve) => {
        port.onmessage = ({ data }: MessageEvent<FilesSynced>) => resolve(data.ok)
      })
      port.postMessage({ type: 'changed', changes, tooLong: 0, sync: ++last })
      return answered
    }
    return { session, sync }
  }

  test('is answered when the store has the files for good, and not before', async () => {
    const store = new MemoryStore()
    const gate = Promise.withResolvers<void>()
    store.gate = gate.promise
    const { files } = make(store, MiB, 'durable')
    files.keep()
    const { session, sync } = await syncer(files)
    const synced = sync(file('a'))
    await session.received(1)
    const first = await Promise.race([synced, nextTask().then(() => 'nothing yet')])
    expect(first).toBe('nothing yet')
    gate.resolve()
    expect(await synced).toBe(true)
    expect([...store.kept.keys()]).toEqual(['a'])
    expect(store.durability).toBe('strict')
    expect(await sync()).toBe(true)
  })

  test('waits for a process that is being kept', async () => {
    const store = new MemoryStore()
    const { files } = make(store, MiB, 'durable')
    const { session, sync } = await syncer(files)
    const synced = sync(file('a'))
    await session.received(1)
    files.keep()
    expect(await synced).toBe(true)
    expect(store.kept.has('a')).toBe(true)
  })

  test('fails where the files are not kept: a full store, no room, no store, a process that the browser refused, one that is killed', async () => {
    const store = new MemoryStore()
    store.isFull = true
    const full = make(store, MiB, 'durable').files
    full.keep()
    const { sync } = await syncer(full)
    expect(await sync(file('a'))).toBe(false)
    store.isFull = false
    expect(await sync()).toBe(true)
    expect(await sync(file('b', 2 * MiB))).toBe(false)
    expect(await sync(file('b', 'small'))).toBe(true)

    expect(await (await syncer(make(undefined, MiB, 'durable').files)).sync(file('a'))).toBe(false)

    const refused = make(new MemoryStore(), MiB, 'durable').files
    const late = (await syncer(refused)).sync(file('a'))
    refused.notKept()
    expect(await late).toBe(false)
  })

  test('a guest that can be neither blocked nor suspended is told that it cannot wait', async () => {
    const { files } = make(new MemoryStore(), MiB, 'durable')
    const session = await files.open('buffered')
    sessions.push(session)
    expect(session.kept.barrier).toBe('none')
  })

  test('under relaxed nothing waits, and the store is asked for no more than before', async () => {
    const store = new MemoryStore()
    const { files } = make(store)
    files.keep()
    const { session, tell } = await begin(files)
    await tell(file('a'))
    await files.release()
    expect(session.kept.barrier).toBeUndefined()
    expect(store.durability).toBe('relaxed')
  })
})
