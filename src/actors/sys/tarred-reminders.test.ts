import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packTar } from 'modern-tar'
import { expect, test } from 'vitest'
import { tarOf, entriesOfTar } from '../files/tar.ts'
import type { FiledReminder } from './check-reminder.ts'
import { remindersOf, withReminders } from './tarred-reminders.ts'

const FILE = { kind: 'file', path: 'notes/ä.txt', bytes: new TextEncoder().encode('hello') } as const
const REMINDERS: FiledReminder[] = [
  { id: 'x', method: 'wake', body: Uint8Array.from({ length: 256 }, (_, i) => i), dueAt: 5, plannedAt: 4 },
  { id: 'ü', method: 'tick', body: new Uint8Array(), dueAt: 6, again: { cron: '0 9 * * *', timeZone: 'UTC' } },
]

async function packed(blob: Blob): Promise<Blob> {
  return new Response(blob.stream().pipeThrough(new CompressionStream('gzip'))).blob()
}

async function withRecord(text: string): Promise<Blob> {
  const header = { name: './', size: 0, type: 'directory', pax: { 'GLIA.reminders': text } } as const
  return new Blob([await packTar([{ header }])])
}

test('reminders go in a tar, gzipped or not, beside its files', async () => {
  for (const entries of [[FILE], []]) {
    const tar = await withReminders(await tarOf(entries, 0), REMINDERS)
    expect(await remindersOf(tar)).toEqual(REMINDERS)
    expect(await remindersOf(await packed(tar))).toEqual(REMINDERS)
    expect(await entriesOfTar(new Uint8Array(await tar.arrayBuffer()))).toEqual(entries)
  }
})

test('another program unpacks the files of such a tar', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'glia-tar-'))
  try {
    const tar = await withReminders(await tarOf([FILE], 0), REMINDERS)
    await writeFile(join(folder, 'a.tar'), new Uint8Array(await tar.arrayBuffer()))
    await promisify(execFile)('tar', ['-xf', 'a.tar'], { cwd: folder })
    expect(await readFile(join(folder, FILE.path), 'utf8')).toBe('hello')
    expect((await readdir(folder)).toSorted()).toEqual(['a.tar', 'notes'])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('a tar without reminders has none, and what is no tar is left to others', async () => {
  const tar = await tarOf([FILE], 0)
  expect(await withReminders(tar, [])).toBe(tar)
  for (const blob of [
    tar,
    await packed(tar),
    new Blob(),
    new Blob(['x'.repeat(10_000)]),
    new Blob([Uint8Array.of(0x1f, 0x8b)]),
  ]) {
    expect(await remindersOf(blob)).toEqual([])
  }
  // A header that never ends takes no memory.
  const zeros = new Blob([Uint8Array.from({ length: 1 }), ...Array.from({ length: 64 }, () => new Uint8Array(2 ** 20))])
  expect(await remindersOf(await packed(zeros))).toEqual([])
})

test.each([
  ['{', 'are damaged'],
  ['{}', 'the list of reminders is wrong'],
  ['[{"id":"x","method":"wake","dueAt":5,"body":"%"}]', 'are damaged'],
  ['[{"id":"x","method":"wake","dueAt":5}]', 'the body of a reminder is wrong'],
  ['[{"id":"x","method":"wake","dueAt":1e999,"body":""}]', 'the time of a reminder is wrong'],
])('a tar with the reminders %s is refused in words', async (text, words) => {
  const reading = remindersOf(await withRecord(text))
  await expect(reading).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
  await expect(reading).rejects.toThrow(words)
})
