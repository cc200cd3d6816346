import { execFileSync, spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Logger } from '../../glia/log.ts'
import { newPid } from '../../glia/pid.ts'
import { LevelStore } from './level-store.ts'
import { endOfWhole } from './torn-record.ts'

const opened: LevelStore[] = []
const pid = newPid()
let root: string
let folders = 0

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'glia-torn-'))
})
afterEach(async () => {
  vi.restoreAllMocks()
  for (const store of opened.splice(0)) await store.close()
})
afterAll(() => rm(root, { recursive: true, force: true }))

function newFolder(): string {
  folders += 1
  return join(root, String(folders))
}

interface Opened {
  store: LevelStore
  /** What the log has of the database. */
  lines: string[]
}

async function openStore(folder: string): Promise<Opened> {
  const lines: string[] = []
  const say = (line: string): void => void lines.push(line)
  const log: Logger = { debug: () => undefined, info: say, warn: say }
  const store = await LevelStore.open(folder, log)
  opened.push(store)
  return { store, lines }
}

async function closeStore(store: LevelStore): Promise<void> {
  opened.splice(opened.indexOf(store), 1)
  await store.close()
}

function write(store: LevelStore, path: string, bytes = 100, durability: 'relaxed' | 'strict' = 'relaxed') {
  // Bytes that LevelDB cannot compress.
  const content = crypto.getRandomValues(new Uint8Array(Math.min(bytes, 65_536)))
  const whole = new Uint8Array(bytes)
  for (let at = 0; at < bytes; at += content.length) whole.set(content.subarray(0, bytes - at), at)
  return store.changeFiles(pid, [{ kind: 'file', path, bytes: whole, mtime: 0n }] as never, durability)
}

async function paths(store: LevelStore): Promise<string[]> {
  return (await store.files(pid)).map(({ path }) => path)
}

describe('after a write that failed', () => {
  test('the database is opened anew before the next write, and all that was said to be kept is', async () => {
    const folder = newFolder()
    const { store, lines } = await openStore(folder)
    await write(store, 'before')
    const opening = vi.spyOn(ClassicLevel.prototype, 'open')
    vi.spyOn(ClassicLevel.prototype, 'batch').mockRejectedValueOnce(new Error('IO error: x: No space left on device'))
    // Those that wait for their turn meanwhile are asked for at once.
    const all = [write(store, 'fails'), write(store, 'after'), paths(store), write(store, 'later')] as const
    await expect(all[0]).rejects.toMatchObject({
      code: 'ERR_STORAGE',
      message: 'The host could not keep the files: the disk is full.',
    })
    await all[1]
    expect(await all[2]).toEqual(['after', 'before'])
    await all[3]
    expect(opening).toHaveBeenCalledTimes(1)
    expect(lines).toEqual([
      expect.stringContaining(`in ${folder} could not be written: the disk is full.`),
      expect.stringContaining('can be written again'),
    ])
    await closeStore(store)
    expect(await paths((await openStore(folder)).store)).toEqual(['after', 'before', 'later'])
  })

  test('one that does not open again is tried again with each read and write, and fails in words', async () => {
    const folder = newFolder()
    const { store } = await openStore(folder)
    await write(store, 'before')
    vi.spyOn(ClassicLevel.prototype, 'batch').mockRejectedValueOnce(new Error('IO error'))
    await expect(write(store, 'fails')).rejects.toThrow('IO error')
    const opening = vi.spyOn(ClassicLevel.prototype, 'open').mockRejectedValue(new Error('it is broken'))
    await expect(write(store, 'fails too')).rejects.toMatchObject({
      code: 'ERR_STORAGE',
      message: 'The host could not keep the files: it is broken.',
    })
    await expect(paths(store)).rejects.toThrow('The host could not read the files: it is broken.')
    opening.mockRestore()
    expect(await paths(store)).toEqual(['before'])
    await write(store, 'after')
    expect(await paths(store)).toEqual(['after', 'before'])
  })

  test('a store that is closed meanwhile is not opened again', async () => {
    const { store } = await openStore(newFolder())
    vi.spyOn(ClassicLevel.prototype, 'batch').mockRejectedValueOnce(new Error('IO error'))
    const all = [write(store, 'fails'), write(store, 'after')] as const
    const closing = closeStore(store)
    const late = write(store, 'late')
    await expect(all[0]).rejects.toThrow('IO error')
    await all[1]
    await closing
    await expect(late).rejects.toThrow('The host could not keep the files: its database is closed.')
  })
})

/** A folder in which the system itself refuses writes for some time. */
interface Narrow {
  folder: string
  fill(): Promise<void>
  free(): Promise<void>
  remove(): Promise<void>
}

/** Only root may mount. */
const canMount = ((): boolean => {
  const at = join(tmpdir(), `glia-mount-${process.pid}`)
  const made = spawnSync('sh', ['-c', 'mkdir "$0" && mount -t tmpfs -o size=64k tmpfs "$0" && umount "$0"', at])
  spawnSync('rmdir', [at])
  return made.status === 0
})()

async function smallDisk(): Promise<Narrow> {
  const mounted = newFolder()
  await mkdir(mounted)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', mounted])
  const filler = join(mounted, 'filler')
  return {
    folder: join(mounted, 'actors'),
    async fill() {
      const file = await open(filler, 'w')
      try {
        for (;;) await file.write(new Uint8Array(1024))
      } catch (err) {
        expect(err).toMatchObject({ code: 'ENOSPC' })
      } finally {
        await file.close()
      }
    },
    free: () => rm(filler),
    remove: async () => void execFileSync('umount', [mounted]),
  }
}

/** Everybody may limit the files of their processes. */
const canLimit = spawnSync('prlimit', ['--version']).status === 0

async function limitedFiles(): Promise<Narrow> {
  const folder = newFolder()
  const limit = (bytes: string): void =>
    void execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`])
  return {
    folder,
    async fill() {
      const names = (await readdir(folder)).filter((name) => name.endsWith('.log'))
      const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size))
      limit(String(Math.max(...sizes) + 50))
    },
    free: async () => limit('unlimited'),
    remove: async () => limit('unlimited'),
  }
}

const NARROW = [
  ['a disk that is full', canMount, smallDisk, 'the disk is full'],
  ['a limit for files', canLimit, limitedFiles, 'a file in it would be too large'],
] as const

for (const [name, isThere, make, why] of NARROW) {
  describe.runIf(isThere)(`in ${name}`, () => {
    for (const durability of ['relaxed', 'strict'] as const) {
      test(`fails ${durability} writes in words, and those that are kept afterwards are there after a restart`, async () => {
        const narrow = await make()
        try {
          const { store, lines } = await openStore(narrow.folder)
          const kept = ['before']
          await write(store, 'before', 100_000, durability)
          await narrow.fill()
          // It may fit into what is left of a page of the file.
          for (let i = 0; i < 3; i += 1) {
            await expect(write(store, `full${i}`, 10_000, durability)).rejects.toMatchObject({
              code: 'ERR_STORAGE',
              message: `The host could not keep the files: ${why}.`,
            })
            // Reads go on.
            expect(await paths(store)).toEqual(kept)
          }
          await narrow.free()
          for (let i = 0; i < 20; i += 1) {
            await write(store, `after${i}`, 5_000, durability)
            kept.push(`after${i}`)
          }
          expect(await paths(store)).toEqual(kept.toSorted())
          expect(lines).toHaveLength(2)
          // As kill -9 leaves it: nothing is closed.
          const copy = newFolder()
          await cp(narrow.folder, copy, { recursive: true })
          const next = await openStore(copy)
          expect(await paths(next.store)).toEqual(kept.toSorted())
          expect(next.lines).toEqual([])
          await closeStore(store)
          const last = await openStore(narrow.folder)
          expect(await paths(last.store)).toEqual(kept.toSorted())
          await closeStore(last.store)
        } finally {
          for (const store of opened.splice(0)) await store.close()
          await narrow.remove()
        }
      })
    }
  })
}

test.runIf(canMount)('a write that is too large for the disk leaves room for the next ones', async () => {
  const disk = await smallDisk()
  try {
    const { store } = await openStore(disk.folder)
    await write(store, 'before')
    await expect(write(store, 'large', 4_000_000)).rejects.toThrow('the disk is full')
    await write(store, 'after', 10_000)
    await closeStore(store)
    const next = await openStore(disk.folder)
    expect(await paths(next.store)).toEqual(['after', 'before'])
    await closeStore(next.store)
  } finally {
    for (const store of opened.splice(0)) await store.close()
    await disk.remove()
  }
})

test('the end of the last whole record is found wherever a log is cut', async () => {
  const folder = newFolder()
  const { store } = await openStore(folder)
  const ends = [0]
  const name = (await readdir(folder)).find((each) => each.endsWith('.log')) ?? ''
  for (const bytes of [10, 40_000, 32_000, 700, 100_000, 5]) {
    await write(store, 'x', bytes)
    ends.push((await stat(join(folder, name))).size)
  }
  const log = await readFile(join(folder, name))
  const cuts = Array.from({ length: log.length + 1 }, (_, cut) => cut)
  const wrong = cuts.filter((cut) => endOfWhole(log.subarray(0, cut)) !== ends.findLast((end) => end <= cut))
  expect(wrong).toEqual([])
  expect(endOfWhole(Buffer.concat([log, Buffer.alloc(100, 0xff)]))).toBeUndefined()
})

describe('a damaged database', () => {
  async function damaged(damage: (path: string) => Promise<void>): Promise<Opened & { folder: string }> {
    const folder = newFolder()
    const { store } = await openStore(folder)
    for (const path of ['a', 'b', 'c']) await write(store, path, 3000)
    await closeStore(store)
    const name = (await readdir(folder)).find((each) => each.endsWith('.log')) ?? ''
    await damage(join(folder, name))
    return { ...(await openStore(folder)), folder }
  }

  test('says at its start that a part was left out, and where', async () => {
    const { store, lines, folder } = await damaged(async (path) => {
      const file = await open(path, 'r+')
      await file.write(new Uint8Array(4), 0, 4, 3500)
      await file.close()
    })
    expect(await paths(store)).toEqual(['a'])
    expect(lines).toEqual([
      expect.stringMatching(
        /^a part of the database of the actors in (.*) is damaged, and is left out \(\d+ bytes of \d+\.log: checksum mismatch\)/,
      ),
    ])
    expect(lines[0]).toContain(folder)
    await closeStore(store)
    expect((await openStore(folder)).lines).toEqual([])
  })

  test('says nothing of a write that a kill has cut off', async () => {
    const { store, lines } = await damaged(async (path) => truncate(path, (await stat(path)).size - 10))
    expect(await paths(store)).toEqual(['a', 'b'])
    expect(lines).toEqual([])
  })

  test('says which of its tables is damaged', async () => {
    const { folder, store } = await damaged(async () => undefined)
    await closeStore(store)
    const name = (await readdir(folder)).find((each) => each.endsWith('.ldb')) ?? ''
    const file = await open(join(folder, name), 'r+')
    await file.write(new Uint8Array(4), 0, 4, 20)
    await file.close()
    const { lines } = await openStore(folder)
    await expect.poll(() => lines).toEqual([expect.stringContaining(`is damaged, and is left out (${name})`)])
  })

  test('whose list of tables is damaged is refused', async () => {
    const folder = newFolder()
    await closeStore((await openStore(folder)).store)
    const name = (await readdir(folder)).find((each) => each.startsWith('MANIFEST')) ?? ''
    await writeFile(join(folder, name), 'x')
    await expect(openStore(folder)).rejects.toMatchObject({ code: 'ERR_STORAGE' })
  })
})
