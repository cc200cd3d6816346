import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { damagedTables, isWhole, tablesOf } from './damaged-tables.ts'
import { crc32c, unpacked } from './leveldb-format.ts'

let folder: string
let tables: [name: string, bytes: Buffer][]

// Tables as LevelDB makes them: packed ones and others, with small values and large ones.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glia-tables-'))
  const db = new ClassicLevel<string, Uint8Array>(folder, { valueEncoding: 'view' })
  const random = crypto.getRandomValues(new Uint8Array(65_536))
  for (let key = 0; key < 3000; key++) {
    const value = key % 2 ? new TextEncoder().encode(`value ${key} `.repeat(20)) : random.subarray(key, key + 600)
    // oxlint-disable-next-line no-await-in-loop -- in their order
    await db.put(`key ${key % 10} ${key}`, value)
  }
  await db.put('large', random)
  await db.compactRange('', '~')
  await db.close()
  const names = await tablesOf(folder)
  tables = await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))]))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('tables that nobody touched are whole', async () => {
  expect(tables.length).toBeGreaterThan(0)
  for (const [, bytes] of tables) expect(isWhole(bytes)).toBe(true)
  expect(await damagedTables(folder, await tablesOf(folder), new AbortController().signal)).toEqual([])
})

test('a change of any byte is found', () => {
  const [, bytes] = tables[0] ?? ['', Buffer.alloc(0)]
  const { length } = bytes
  // What fills the footer up means nothing. All bytes near the end are tried, where the lists and the footer are.
  const places = Array.from({ length }, (_, at) => at).filter((at) => at % 997 === 0 || at > length - 400)
  const missed = places.filter((at) => {
    const damaged = Buffer.from(bytes)
    damaged[at] = (damaged[at] ?? 0) ^ 0x90
    return isWhole(damaged)
  })
  expect(missed.filter((at) => at < length - 48 || at >= length - 8)).toEqual([])
})

test('a table that was cut off is found, wherever it was', () => {
  const [, bytes] = tables[0] ?? ['', Buffer.alloc(0)]
  for (const length of [0, 1, 47, 48, 4096, bytes.length - 1]) expect(isWhole(bytes.subarray(0, length))).toBe(false)
})

test('the damaged table is named', async () => {
  const [name = '', bytes = Buffer.alloc(0)] = tables[0] ?? []
  const damaged = Buffer.from(bytes)
  damaged[100] = (damaged[100] ?? 0) ^ 1
  await writeFile(join(folder, name), damaged)
  expect(await damagedTables(folder, await tablesOf(folder), new AbortController().signal)).toEqual([name])
  await writeFile(join(folder, name), bytes)
})

test('a table that is gone is no damaged one', async () => {
  expect(await damagedTables(folder, ['999999.ldb'], new AbortController().signal)).toEqual([])
})

test('checksums are those of RFC 3720', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283)
})

test('what is packed is unpacked: a literal, and copies that repeat', () => {
  // 12 bytes: “ab”, then ten bytes from two back.
  expect(unpacked(Buffer.from([12, 0x04, 0x61, 0x62, 0x19, 0x02])).toString()).toBe('ab'.repeat(6))
  expect(unpacked(Buffer.from([12, 0x04, 0x61, 0x62, 0x26, 0x02, 0x00])).toString()).toBe('ab'.repeat(6))
  expect(() => unpacked(Buffer.from([12, 0x04, 0x61, 0x62, 0x26, 0x03, 0x00]))).toThrow(RangeError)
})
