import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { FileEntry } from './files-api.ts'
import { tarOf } from './tar.ts'

const AT = Date.UTC(2026, 0, 2, 3, 4, 5)
const LONG = `${'long/'.repeat(30)}${'n'.repeat(120)}.txt`
const HALVES = `${'p'.repeat(90)}/${'q'.repeat(90)}`
const TARGET = 't'.repeat(200)

const entries: FileEntry[] = [
  { path: 'empty', kind: 'file', bytes: new Uint8Array() },
  { path: 'notes.txt', kind: 'file', bytes: bytesOf('hello\n') },
  { path: 'block', kind: 'file', bytes: new Uint8Array(512).fill(7) },
  { path: 'folder', kind: 'directory' },
  { path: 'folder/grüße.txt', kind: 'file', bytes: bytesOf('grüße') },
  { path: HALVES, kind: 'file', bytes: bytesOf('halves') },
  { path: LONG, kind: 'file', bytes: bytesOf('long') },
  { path: 'near', kind: 'link', target: 'notes.txt' },
  { path: 'far', kind: 'link', target: TARGET },
]
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glia-tar-'))
  const archive = join(folder, 'data.tar')
  await writeFile(archive, new Uint8Array(await (await tarOf(entries, AT)).arrayBuffer()))
  execFileSync('tar', ['-xf', archive, '-C', folder], { env: { ...process.env, LC_ALL: 'C.UTF-8' } })
})
afterAll(() => rm(folder, { recursive: true }))

test('tar reads back what was written, with names of every length', async () => {
  expect(await Promise.all(entries.map(readBack))).toEqual(entries)
  expect((await stat(join(folder, 'notes.txt'))).mtimeMs).toBe(AT)
})

test('nothing is an archive too', async () => {
  const archive = join(folder, 'empty.tar')
  await writeFile(archive, new Uint8Array(await (await tarOf([], AT)).arrayBuffer()))
  expect(execFileSync('tar', ['-tf', archive]).toString()).toBe('')
})

async function readBack({ path, kind }: FileEntry): Promise<FileEntry> {
  const at = join(folder, path)
  if (kind === 'file') return { path, kind, bytes: new Uint8Array(await readFile(at)) }
  if (kind === 'link') return { path, kind, target: await readlink(at) }
  if ((await stat(at)).isDirectory()) return { path, kind }
  throw new Error(`${path} is no directory`)
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}
