import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { testStore } from '../../actors/table/test-store-suite.ts'
import { MemoryStore } from '../../actors/table/test-store.ts'
import type { ProcessStore } from '../../actors/table/process-store.ts'
import { SILENT } from '../../glia/log.ts'
import { LevelStore } from './level-store.ts'

const opened: { store: LevelStore; folder: string }[] = []

afterEach(async () => {
  for (const { store, folder } of opened.splice(0)) {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  }
})

async function open(before?: ProcessStore): Promise<LevelStore> {
  const known = opened.find(({ store }) => store === before)
  const folder = known?.folder ?? (await mkdtemp(join(tmpdir(), 'glia-level-')))
  if (known) opened.splice(opened.indexOf(known), 1)
  await known?.store.close()
  const store = await LevelStore.open(folder, SILENT)
  opened.push({ store, folder })
  return store
}

describe('LevelDB', () => {
  testStore(open)
})
// The tests of processes use it in the place of a database, so it has to be like one.
describe('memory', () => {
  testStore(async (kept) => kept ?? new MemoryStore())
})

test('a folder that another process uses, or that cannot be one, is refused in words', async () => {
  await open()
  const folder = opened[0]?.folder ?? ''
  await expect(LevelStore.open(folder, SILENT)).rejects.toMatchObject({ code: 'ERR_STORAGE' })
  const file = join(folder, 'file')
  await writeFile(file, '')
  await expect(LevelStore.open(file, SILENT)).rejects.toMatchObject({
    code: 'ERR_STORAGE',
    message: expect.stringContaining('The host could not open its database: ') as unknown,
  })
})
