import { Key } from 'interface-datastore'
import { expect, test } from 'vitest'
import { BoundedDatastore } from './bounded-datastore.ts'

function store(): BoundedDatastore {
  return new BoundedDatastore([{ prefix: '/dht/', maxEntries: 4, maxOfOwner: 2, maxValueBytes: 8 }])
}

async function keep(into: BoundedDatastore, ...names: readonly string[]): Promise<void> {
  for (const name of names) await into.put(new Key(name), new Uint8Array(1))
}

async function all(from: BoundedDatastore): Promise<string[]> {
  const names: string[] = []
  for await (const key of from.queryKeys({})) names.push(key.toString())
  return names.sort()
}

test('past a bound what was not written for longest goes: of its owner, or of all', async () => {
  const kept = store()
  await keep(kept, '/dht/1/a', '/dht/2/a', '/dht/1/a', '/dht/3/a')
  expect(await all(kept)).toEqual(['/dht/1/a', '/dht/3/a'])
  await keep(kept, '/dht/1/b', '/dht/1/c', '/dht/1/d')
  expect(await all(kept)).toEqual(['/dht/1/b', '/dht/1/c', '/dht/1/d', '/dht/3/a'])
})

test('what is deleted makes room, and other keys have no bound', async () => {
  const kept = store()
  await keep(kept, '/dht/1/a', '/dht/1/b', '/dht/1/c', '/dht/1/d')
  await kept.delete(new Key('/dht/1/b'))
  await keep(kept, '/dht/1/e', ...Array.from({ length: 20 }, (_, i) => `/other/${i}`))
  const names = await all(kept)
  expect(names.filter((name) => name.startsWith('/dht'))).toEqual(['/dht/1/a', '/dht/1/c', '/dht/1/d', '/dht/1/e'])
  expect(names).toHaveLength(24)
})

test('a value that is too long is refused', async () => {
  const kept = store()
  expect(() => kept.put(new Key('/dht/1/a'), new Uint8Array(9))).toThrow('too long')
  expect(await all(kept)).toEqual([])
})
