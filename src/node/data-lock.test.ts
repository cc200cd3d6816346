import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lockDataDir } from './data-lock.ts'
import { UsageError } from './option-values.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glia-lock-'))
})

afterAll(() => rm(folder, { recursive: true }))

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
