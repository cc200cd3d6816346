import { expect, test } from 'vitest'
import { body, exportFunc, exportMemory, funcType, memory32, wasm } from '../../../e2e/guests/wasm.ts'
import { GliaError } from '../../glia/errors.ts'
import { ModuleCache, type ModuleCacheInit } from './module-cache.ts'
import { readModule } from '../module/read-module.ts'
import type { ModuleVersion } from './process-record.ts'

const CAP = 1024 * 1024

/** A module with a method of this name. */
function moduleOf(method: string): Uint8Array<ArrayBuffer> {
  return wasm({
    types: [funcType([], [])],
    funcs: [{ type: 0, body: body() }],
    memories: [memory32(1)],
    exports: [exportMemory(), exportFunc(method, 0)],
  })
}

/** A cache over a store with these modules, and the list of what was loaded from it. */
async function makeCache(init: Partial<ModuleCacheInit> = {}) {
  const loaded: string[] = []
  const stored = new Map<string, Uint8Array<ArrayBuffer>>()
  const cache = new ModuleCache({
    load: async (cid) => {
      loaded.push(cid)
      const bytes = stored.get(cid)
      if (!bytes) throw new GliaError('ERR_STORAGE', 'gone')
      return new Blob([bytes])
    },
    isPinned: () => false,
    ...init,
  })
  const add = async (method: string): Promise<ModuleVersion> => {
    const bytes = moduleOf(method)
    const { version } = await cache.add(bytes, { maxMemoryBytes: CAP })
    stored.set(version.cid, bytes)
    return version
  }
  return { cache, loaded, stored, add }
}

test('a module is compiled once, and not loaded, as long as it is kept', async () => {
  const { cache, loaded, add } = await makeCache()
  const version = await add('one')
  expect(version).toMatchObject({ methods: ['one'], moduleBytes: moduleOf('one').length })
  const compiled = await cache.get(version, CAP)
  await add('one')
  expect(await cache.get(version, CAP)).toBe(compiled)
  expect(loaded).toEqual([])
})

test('bytes that were read once are not read again', async () => {
  let reads = 0
  const { cache } = await makeCache({
    read: (...given) => {
      reads += 1
      return readModule(...given)
    },
  })
  const file = new File([moduleOf('one')], 'one.wasm')
  const { blob, version } = await cache.add(file, { maxMemoryBytes: CAP })
  // A file on the disk may change, so a copy is kept.
  expect(blob).not.toBe(file)
  expect(await cache.add(blob, { maxMemoryBytes: CAP })).toMatchObject({ version, blob })
  expect(reads).toBe(1)
  expect((await cache.add(blob, { maxMemoryBytes: 2 * CAP })).inspected.memoryLimitBytes).toBe(2 * CAP)
  expect(reads).toBe(2)
})

test('another cap is another compiled module', async () => {
  const { cache, loaded, add } = await makeCache()
  const version = await add('one')
  const [larger, other] = await Promise.all([cache.get(version, CAP), cache.get(version, 2 * CAP)])
  expect(other.module).not.toBe(larger.module)
  expect([larger.memoryLimitBytes, other.memoryLimitBytes]).toEqual([CAP, 2 * CAP])
  expect(loaded).toEqual([version.cid])
})

test('two who ask at once share one load, and a load that fails is tried again', async () => {
  const { cache, loaded, stored, add } = await makeCache()
  const version = await add('one')
  cache.drop(version.cid)
  const bytes = stored.get(version.cid)
  stored.clear()
  await expect(cache.get(version, CAP)).rejects.toMatchObject({ code: 'ERR_STORAGE' })
  if (bytes) stored.set(version.cid, bytes)
  const [one, other] = await Promise.all([cache.get(version, CAP), cache.get(version, CAP)])
  expect(one).toBe(other)
  expect(loaded.length).toBe(2)
})

test('past the bound the one goes that was not used for longest', async () => {
  const { cache, add } = await makeCache({ maxModules: 2 })
  const [first, second] = [await add('first'), await add('second')]
  await cache.get(first, CAP)
  const third = await add('third')
  const kept = [first, second, third].map(({ cid }) => cache.peek(cid, CAP) !== undefined)
  expect(kept).toEqual([true, false, true])
})

test('one that had to go is not loaded again while somebody has it', async () => {
  const { cache, loaded, add } = await makeCache({ maxModules: 1 })
  const first = await add('first')
  const { module } = await cache.get(first, CAP)
  await add('second')
  expect(cache.peek(first.cid, CAP)).toBeUndefined()
  await new Promise((resolve) => setTimeout(resolve))
  expect(await cache.get(first, CAP)).toMatchObject({ module, methods: ['first'], memoryLimitBytes: CAP })
  expect(loaded).toEqual([])
})

test('bytes are bounded too, but the newest stays whatever its size', async () => {
  const { cache, add } = await makeCache({ maxBytes: 1 })
  const [first, second] = [await add('first'), await add('second')]
  expect(cache.peek(first.cid, CAP)).toBeUndefined()
  expect(cache.peek(second.cid, CAP)).toBeDefined()
})

test('one that can be had from nowhere else stays', async () => {
  const pinned = new Set<string>()
  const { cache, add } = await makeCache({ maxModules: 1, isPinned: (cid) => pinned.has(cid) })
  const first = await add('first')
  pinned.add(first.cid)
  const second = await add('second')
  const third = await add('third')
  const kept = [first, second, third].map(({ cid }) => cache.peek(cid, CAP) !== undefined)
  expect(kept).toEqual([true, false, true])
})

test('what is no module is refused', async () => {
  const { cache } = await makeCache()
  await expect(cache.add(new Uint8Array([1, 2, 3]), { maxMemoryBytes: CAP })).rejects.toMatchObject({
    code: 'ERR_BAD_MODULE',
  })
})

test('a load that fails leaves alone what has taken its place', async () => {
  const gate = Promise.withResolvers<Blob>()
  const { cache, add } = await makeCache({ load: () => gate.promise })
  const version = await add('one')
  const inspected = await cache.get(version, CAP)
  cache.drop(version.cid)
  const loading = cache.get(version, CAP)
  cache.put(version, CAP, inspected)
  gate.reject(new GliaError('ERR_STORAGE', 'gone'))
  await expect(loading).rejects.toMatchObject({ code: 'ERR_STORAGE' })
  expect(await cache.peek(version.cid, CAP)).toBe(inspected)
})
