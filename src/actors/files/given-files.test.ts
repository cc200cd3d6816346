import { execFileSync } from 'node:child_process'
import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type GivenFiles, readGivenFiles } from './given-files.ts'
import { tarOf } from './tar.ts'

const MiB = 1024 * 1024
const LONG = `${'d'.repeat(90)}/${'e'.repeat(120)}`
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glia-given-'))
  await mkdir(join(folder, 'lib', LONG), { recursive: true })
  await writeFile(join(folder, 'lib', 'grüße.txt'), 'hello')
  await writeFile(join(folder, 'lib', LONG, 'deep'), 'deep')
  await symlink('grüße.txt', join(folder, 'lib', 'near'))
  await link(join(folder, 'lib', 'grüße.txt'), join(folder, 'lib', 'same'))
})
afterAll(() => rm(folder, { recursive: true }))

/** What tar makes of the folder. */
function packed(...options: string[]): Buffer<ArrayBuffer> {
  const env = { ...process.env, LC_ALL: 'C.UTF-8' }
  return Buffer.from(
    execFileSync('tar', ['--sort=name', ...options, '-cf', '-', '.'], { cwd: join(folder, 'lib'), env }),
  )
}

/** Contents, link targets and folders by their paths. */
async function read(given: unknown, maxBytes = MiB): Promise<Record<string, string>> {
  const entries = await readGivenFiles(given as GivenFiles, maxBytes)
  return Object.fromEntries(
    entries.map((entry) => [
      entry.path,
      entry.kind === 'file' ? new TextDecoder().decode(entry.bytes) : entry.kind === 'link' ? `→ ${entry.target}` : '/',
    ]),
  )
}

const LIB = {
  'grüße.txt': 'hello',
  near: '→ grüße.txt',
  same: 'hello',
  [LONG.slice(0, 90)]: '/',
  [LONG]: '/',
  [`${LONG}/deep`]: 'deep',
}

describe('an archive', () => {
  test.each(['--format=gnu', '--format=pax', '--format=ustar'])('of tar %s is read whole', async (format) => {
    // ustar has no place for such a path.
    const options = format === '--format=ustar' ? [format, '--exclude=./d*'] : [format]
    const expected = format === '--format=ustar' ? { 'grüße.txt': 'hello', near: '→ grüße.txt', same: 'hello' } : LIB
    expect(await read(packed(...options))).toEqual(expected)
  })

  test('may be gzipped, and come in any form', async () => {
    const tar = packed()
    const gzipped = gzipSync(tar)
    const buffer = gzipped.buffer.slice(gzipped.byteOffset, gzipped.byteOffset + gzipped.length)
    for (const given of [gzipped, buffer, new Blob([gzipped]), [new File([gzipped], 'lib.tar.gz')]]) {
      expect(await read(given)).toEqual(LIB)
    }
  })

  test('of another process is read as it was written', async () => {
    const entries = await readGivenFiles(packed(), MiB)
    expect(await readGivenFiles(await tarOf(entries, 0), MiB)).toEqual(entries)
  })

  test.each([
    ['a text', new TextEncoder().encode('hello '.repeat(200)), 'not a whole tar archive'],
    ['nothing', new Uint8Array(), 'not a whole tar archive'],
    ['a broken gzip', Uint8Array.of(0x1f, 0x8b, 1, 2, 3), 'cannot be unpacked'],
  ])('that is %s is refused', async (_, bytes, why) => {
    await expect(read(bytes)).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST', message: expect.stringContaining(why) })
  })

  test('that is cut short is refused, wherever that is', async () => {
    const tar = packed()
    for (const length of [511, 700, 1536, 2048, 2100]) {
      await expect(read(tar.subarray(0, length))).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
      await expect(read(gzipSync(tar).subarray(0, length / 10))).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
    }
  })

  test('with more than the process may keep is not unpacked to its end', async () => {
    const bomb = gzipSync(new Uint8Array(64 * MiB))
    await expect(read(bomb, 1024)).rejects.toMatchObject({
      code: 'ERR_BAD_REQUEST',
      message: 'The archive has more than 1 MiB, too much for this process.',
    })
  })

  test('with a device in it is refused by its name', async () => {
    const tar = execFileSync('tar', ['-cf', '-', '-C', '/dev', 'null'])
    await expect(read(tar)).rejects.toMatchObject({ message: expect.stringContaining('null is neither a file') })
  })

  test('with a path that leads out is refused', async () => {
    const tar = execFileSync('tar', ['-P', '-cf', '-', '../lib/same'], { cwd: join(folder, 'lib') })
    await expect(read(tar)).rejects.toMatchObject({
      code: 'ERR_BAD_REQUEST',
      message: '../lib/same: a path goes down from /data, without “..”.',
    })
  })
})

describe('files', () => {
  test('are taken by their paths, whatever they are given as', async () => {
    const bytes = new TextEncoder().encode('bytes')
    expect(await read({ './a': 'text', '/b/c': bytes, 'b//d/': bytes.buffer, e: new Blob(['blob']) })).toEqual({
      a: 'text',
      'b/c': 'bytes',
      'b/d': 'bytes',
      e: 'blob',
    })
    expect(await read({})).toEqual({})
  })

  test('of a list are taken by their names, and archives among them unpacked', async () => {
    expect(await read([new File(['x'], 'x.txt'), new File([packed()], 'LIB.TAR')])).toEqual({ 'x.txt': 'x', ...LIB })
  })

  test.each([
    ['a number', 5],
    ['nothing', null],
    ['a text', 'hello'],
    ['a number for a content', { a: 5 }],
    ['what is no file in a list', [new Blob(['x'])]],
    ['a path that leads out', { '../a': 'x' }],
    ['no path', { '/': 'x' }],
    ['a path that is too long', { ['p'.repeat(5000)]: 'x' }],
    ['a zero in a path', { 'a\0b': 'x' }],
    ['more than may be kept', { a: new Uint8Array(MiB + 1) }],
  ])('are refused in words: %s', async (_, given) => {
    await expect(read(given)).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST', message: expect.stringMatching(/\.$/) })
  })

  test('that change after they were given are as they were', async () => {
    const bytes = new TextEncoder().encode('before')
    const reading = read({ a: bytes })
    bytes.fill(0)
    expect(await reading).toEqual({ a: 'before' })
  })

  test('that nobody waits for any more are not read', async () => {
    const reason = new Error('enough')
    await expect(readGivenFiles({ a: 'x' }, MiB, AbortSignal.abort(reason))).rejects.toBe(reason)
    await expect(readGivenFiles(gzipSync(packed()), MiB, AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})

describe('names', () => {
  test.each([
    ['a/../../b', 'a/../../b: a path goes down from /data, without “..”.'],
    ['..', '..: a path goes down from /data, without “..”.'],
    ['/../etc/passwd', '../etc/passwd: a path goes down from /data, without “..”.'],
    ['a/./../b', 'a/../b: a path goes down from /data, without “..”.'],
    [`${'d/'.repeat(1000)}f`, `${'d/'.repeat(50)}…: a path may lead through 128 folders.`],
    [`${'d/'.repeat(129)}f`, `${'d/'.repeat(50)}…: a path may lead through 128 folders.`],
    [`${'/'.repeat(10_000)}f`, `${'/'.repeat(100)}…: a path may have 4096 characters.`],
    ['x'.repeat(5000), `${'x'.repeat(100)}…: a path may have 4096 characters.`],
    ['a\0b', 'a␀b: a path has no zero character.'],
    ['\ud800', '\ud800: a path is Unicode text.'],
  ])('%j is refused in a sentence', async (name, message) => {
    await expect(read({ [name]: 'x' })).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST', message })
  })

  test('of objects, other systems and other languages are names like any', async () => {
    const names = [
      '__proto__',
      'constructor',
      'C:\\a',
      'grüße',
      '日本語',
      'a b',
      '...',
      '..a',
      ' ',
      `${'d/'.repeat(128)}f`,
    ]
    expect(Object.keys(await read(Object.fromEntries(names.map((name) => [name, 'x']))))).toEqual(names)
  })
})
