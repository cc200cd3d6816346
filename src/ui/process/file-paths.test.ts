import { expect, test } from 'vitest'
import { folderOf, nameOf, within } from './file-paths.ts'

test('a path has a folder and a name', () => {
  expect([folderOf('a/b/c'), nameOf('a/b/c')]).toEqual(['a/b', 'c'])
  expect([folderOf('c'), nameOf('c')]).toEqual(['', 'c'])
})

test('a folder shows what is in it and not what is below, folders first', () => {
  const file = (path: string) => ({ path, kind: 'file' as const, bytes: 1, version: 1 })
  const folder = (path: string) => ({ path, kind: 'directory' as const, bytes: 0, version: 1 })
  const all = [file('a.txt'), folder('b'), file('b/c.txt'), folder('b/d'), file('b/d/e.txt')]
  expect(within(all, '').map(({ path }) => path)).toEqual(['b', 'a.txt'])
  expect(within(all, 'b').map(({ path }) => path)).toEqual(['b/d', 'b/c.txt'])
})
