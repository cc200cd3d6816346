import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleForNode } from '../../build/bundle.ts'
import { fromRoot } from '../../build/paths.ts'
import { openDataDir } from './data-dir.ts'
import { lockDataDir } from './data-lock.ts'
import { UsageError } from '../option-values.ts'

/** Node 20 lacks it, and the server brings it along. */
const WITH_RESOLVERS = encodeURIComponent(
  'Promise.withResolvers ??= () => { const r = {}; r.promise = new Promise((a, b) => { r.resolve = a; r.reject = b }); return r }',
)

let folder: string
/** The code under test, for processes of its own. */
let bundled: string
const children: ChildProcess[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glia-lock-'))
  bundled = await mkdtemp(fromRoot('node_modules/.cache/data-lock-'))
  await bundleForNode({ 'data-lock': 'src/node/data/data-lock.ts' }, { outDir: bundled, emptyOutDir: false })
})

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await Promise.all([folder, bundled].map((each) => rm(each, { recursive: true })))
})

test('a folder is for one server at a time, and is free again when that ends', async () => {
  const dir = join(folder, 'a/b')
  const lock = await lockDataDir(dir)
  await expect(lockDataDir(dir)).rejects.toThrow(
    `is in use by another server (process ${process.pid}): give this one a folder of its own with --data DIR.`,
  )
  expect(await readdir(dir)).toEqual(['lock'])
  await lock.release()
  expect(await readdir(dir)).toEqual([])
  await (await lockDataDir(dir)).release()
})

test('the lock of a process that was killed is taken over, that of one that lives is not', async () => {
  const dir = join(folder, 'killed')
  await (await lockDataDir(dir)).release()
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  await once(other, 'spawn')
  const stat = await readFile(`/proc/${other.pid}/stat`, 'utf8').catch(() => undefined)
  const start = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '-'
  await writeFile(join(dir, 'lock'), `${other.pid} ${start}\n`)
  await expect(lockDataDir(dir)).rejects.toThrow(`in use by another server (process ${other.pid})`)
  other.kill('SIGKILL')
  await once(other, 'exit')
  await (await lockDataDir(dir)).release()
})

test.runIf(process.platform === 'linux')('a killed process that its parent has not noticed holds no lock', async () => {
  const dir = join(folder, 'zombie')
  await (await lockDataDir(dir)).release()
  // What takes the place of the shell never asks for the end of its child.
  const parent = spawn('sh', ['-c', 'sleep 1000 & echo $!; exec sleep 1000'])
  children.push(parent)
  const [said] = (await once(parent.stdout, 'data')) as [Buffer]
  const pid = Number(said.toString())
  const fields = async (): Promise<string[]> => {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  }
  const mark = `${pid} ${(await fields())[19]}\n`
  await writeFile(join(dir, 'lock'), mark)
  await expect(lockDataDir(dir)).rejects.toThrow(`in use by another server (process ${pid})`)
  await expect.poll(async () => readFile(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n')
  process.kill(pid, 'SIGKILL')
  await expect.poll(async () => (await fields())[0]).toBe('Z')
  await (await lockDataDir(dir)).release()
})

/** Everybody may limit the files of their processes: as a full disk does, it has writes fail. */
const canLimit = spawnSync('prlimit', ['--version']).status === 0

test.runIf(canLimit)('a start that cannot write leaves nothing behind', async () => {
  const dir = await mkdtemp(join(folder, 'full-'))
  const limit = (bytes: string): void =>
    void execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`])
  limit('0')
  try {
    await expect(lockDataDir(dir)).rejects.toThrow('cannot be used: a file in it would be too large.')
    await expect(openDataDir(dir)).rejects.toThrow('cannot be used: a file in it would be too large.')
  } finally {
    limit('unlimited')
  }
  expect(await readdir(dir)).toEqual([])
})

test.each([
  ['whose process id is now another process’s', `${process.ppid} 1\n`],
  ['that is empty', ''],
  ['that is garbage', 'garbage\n'],
])('a lock %s is stale', async (_, content) => {
  const dir = await mkdtemp(join(folder, 'stale-'))
  await writeFile(join(dir, 'lock'), content)
  await (await lockDataDir(dir)).release()
  expect(await readdir(dir)).toEqual([])
})

test('of several that find a stale lock at once, one gets the folder', async () => {
  const dir = await mkdtemp(join(folder, 'race-'))
  await writeFile(join(dir, 'lock'), '999999999 1\n')
  const all = await Promise.allSettled(Array.from({ length: 8 }, () => lockDataDir(dir)))
  expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})

test
  .runIf(process.platform === 'linux')
  .each(['/proc/glia', '/proc/glia/deep', '/sys/glia', '/dev/null/glia', '/'.padEnd(300, 'x')])(
  '%s, where nothing can be written, is said at once',
  async (dir) => {
    await expect(lockDataDir(dir)).rejects.toThrow(UsageError)
  },
)

test('a link that leads nowhere is said at once', async () => {
  const dir = join(folder, 'link')
  await symlink(join(folder, 'nowhere/at/all'), dir)
  await expect(lockDataDir(dir)).rejects.toThrow(UsageError)
})

/** Runs a process that takes the folder and keeps it. With `unshare` it has a namespace of process ids of its own. */
async function holder(
  dir: string,
  apart: boolean,
): Promise<{ said: string; child: ChildProcess; gone: Promise<unknown> }> {
  const bundle = pathToFileURL(join(bundled, 'data-lock.js'))
  const script = `import(${JSON.stringify(bundle)})
    .then(({ lockDataDir }) => lockDataDir(process.argv[1]))
    .then(({ lost }) => { console.log('taken'); lost.then(() => console.log('lost')); setInterval(() => {}, 1000) },
      (err) => console.log(err.message))`
  const node = [process.execPath, '--import', 'data:text/javascript,' + WITH_RESOLVERS, '-e', script, dir]
  const [command = '', ...args] = apart ? ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', ...node] : node
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  children.push(child)
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  return { said: said.toString().trim(), child, gone }
}

/** Only root may make such a namespace, on Linux. */
const canUnshare = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0

test('two processes: one gets the folder, and the other when the first was killed', { timeout: 30_000 }, async () => {
  const dir = join(folder, 'two')
  const first = await holder(dir, false)
  expect(first.said).toBe('taken')
  expect((await holder(dir, false)).said).toContain(`in use by another server (process ${first.child.pid})`)
  first.child.kill('SIGKILL')
  await first.gone
  expect((await holder(dir, false)).said).toBe('taken')
})

test.runIf(canUnshare).each([
  ['of another container', true, false],
  ['seen from a container', false, true],
  ['of a container, seen from another', true, true],
])(
  'the lock %s holds while its process lives, and not after kill -9',
  { timeout: 60_000 },
  async (_, first, second) => {
    const dir = await mkdtemp(join(folder, 'apart-'))
    const one = await holder(dir, first)
    expect(one.said).toBe('taken')
    expect((await holder(dir, second)).said).toContain('in use by another server (in another container')
    one.child.kill('SIGKILL')
    await one.gone
    expect((await holder(dir, second)).said).toBe('taken')
  },
)

test.runIf(canUnshare)('a process that was frozen learns that its folder was taken', { timeout: 60_000 }, async () => {
  const dir = join(folder, 'frozen')
  const one = await holder(dir, false)
  one.child.kill('SIGSTOP')
  expect((await holder(dir, true)).said).toBe('taken')
  one.child.kill('SIGCONT')
  const [said] = (await once(one.child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  expect(said.toString().trim()).toBe('lost')
})

test('a lock that was deleted is put back', { timeout: 30_000 }, async () => {
  const dir = await mkdtemp(join(folder, 'deleted-'))
  const lock = await lockDataDir(dir)
  const before = await readFile(join(dir, 'lock'), 'utf8')
  await rm(join(dir, 'lock'))
  await expect.poll(() => readdir(dir), { timeout: 10_000 }).toEqual(['lock'])
  expect(await readFile(join(dir, 'lock'), 'utf8')).toBe(before)
  await expect(lockDataDir(dir)).rejects.toThrow('in use by another server')
  await lock.release()
  expect(await readdir(dir)).toEqual([])
})

test('a server whose lock was deleted learns that another one has taken its folder', { timeout: 30_000 }, async () => {
  const dir = await mkdtemp(join(folder, 'deleted-'))
  const lock = await lockDataDir(dir)
  // In one step: otherwise the first might put its lock back before the second comes.
  await writeFile(join(dir, 'other'), `${process.pid} 1\n`)
  await rename(join(dir, 'other'), join(dir, 'lock'))
  await lock.lost
  await lock.release()
  expect(await readdir(dir)).toEqual(['lock'])
})
