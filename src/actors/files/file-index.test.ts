import { expect, test } from 'vitest'
import { FileIndex } from './file-index.ts'
import type { FileEntry } from './files-api.ts'

function file(path: string, text: string): FileEntry {
  return { path, kind: 'file', bytes: new TextEncoder().encode(text) }
}

test('each change of a file has a version of its own, also one that keeps its length', () => {
  const index = new FileIndex()
  const versions = ['old', 'new', 'now'].map((text) => {
    index.put(file('a', text))
    return index.infos[0]?.version ?? 0
  })
  expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b))
  expect(index.version).toBe(versions.at(-1))
  index.put(file('b', ''))
  expect(index.infos[0]?.version).toBe(versions.at(-1))
})

test('a removal is a change', () => {
  const index = new FileIndex()
  index.put(file('a', 'x'))
  const before = index.version
  index.put({ path: 'a', kind: 'removed' })
  expect(index.version).toBeGreaterThan(before)
})
