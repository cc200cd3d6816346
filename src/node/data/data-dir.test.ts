import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isPid } from '../../glia/pid.ts'
import { openDataDir } from './data-dir.ts'
import { UsageError } from '../option-values.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glia-data-'))
})

afterAll(() => rm(folder, { recursive: true }))

test('the first time there is a new peer; from then on it is the same', async () => {
  const dir = join(folder, 'a/b')
  const first = await openDataDir(dir)
  expect(first.identity.peerId).toMatch(/^12D3Koo/)
  expect(isPid(first.rootPid)).toBe(true)
  expect(await openDataDir(dir)).toEqual(first)
  expect((await readdir(dir)).sort()).toEqual(['owner.token', 'peer.key', 'root.pid'])
})

test('only its owner may read the key, also where somebody was let in', async () => {
  const dir = join(folder, 'c')
  await openDataDir(dir)
  const key = join(dir, 'peer.key')
  expect((await stat(key)).mode & 0o777).toBe(0o600)
  await chmod(key, 0o644)
  await openDataDir(dir)
  expect((await stat(key)).mode & 0o777).toBe(0o600)
})

test.each(['owner.token', 'peer.key', 'root.pid'])('a damaged %s is said to be, and is left as it is', async (name) => {
  const dir = join(folder, name)
  await openDataDir(dir)
  await writeFile(join(dir, name), 'damaged')
  await expect(openDataDir(dir)).rejects.toThrow(/move it away/)
  expect(await readFile(join(dir, name), 'utf8')).toBe('damaged')
})

test('a folder that cannot be one is said to be', async () => {
  await writeFile(join(folder, 'file'), '')
  await expect(openDataDir(join(folder, 'file'))).rejects.toThrow(UsageError)
})
