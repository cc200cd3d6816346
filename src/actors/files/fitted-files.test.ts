import { expect, test } from 'vitest'
import { FileIndex } from './file-index.ts'
import type { FileEntry } from './files-api.ts'
import { fittedFiles } from './fitted-files.ts'

const file = (path: string, bytes = 1): FileEntry => ({ path, kind: 'file', bytes: new Uint8Array(bytes) })
const folder = (path: string): FileEntry => ({ path, kind: 'directory' })
const link = (path: string): FileEntry => ({ path, kind: 'link', target: 'x' })

function index(...entries: FileEntry[]): FileIndex {
  const made = new FileIndex()
  for (const entry of entries) made.put(entry)
  return made
}

/** The resulting paths, with a slash after folders. */
function fit(given: FileEntry[], there: FileIndex, maxBytes = 1_000_000): string[] {
  return fittedFiles(given, there, maxBytes).map(({ path, kind }) => (kind === 'directory' ? `${path}/` : path))
}

test('folders that are missing are made, before what is in them', () => {
  expect(fit([file('a/b/c'), file('a/d'), folder('e')], index(folder('a')))).toEqual(['a/b/', 'a/b/c', 'a/d', 'e/'])
})

test('what is there already is replaced, and a folder stays', () => {
  expect(fit([file('a'), link('b'), folder('c')], index(link('a'), file('b'), folder('c')))).toEqual(['a', 'b'])
})

test('the last of several with one path counts', () => {
  const [first, last] = [file('a', 1), file('a', 2)]
  expect(fittedFiles([first, last], index(), 1000)).toEqual([last])
})

test.each([
  ['a file in a file', [file('a/b')], index(file('a')), '/data/a is a file'],
  ['a file in a link', [file('a/b/c')], index(folder('a'), link('a/b')), '/data/a/b is a link'],
  ['a file for a folder', [file('a')], index(folder('a')), '/data/a is a folder'],
  ['a folder for a file', [folder('a')], index(file('a')), '/data/a is a file'],
  ['both in one', [file('a'), file('a/b')], index(), '/data/a is a file'],
])('nothing is put in the place of another kind: %s', (_, given, there, why) => {
  expect(() => fit(given, there)).toThrow(why)
})

test('there has to be room for all of it, names included', () => {
  const there = index(file('old', 5000))
  expect(fit([file('a', 4000)], there, 10_000)).toEqual(['a'])
  expect(() => fit([file('a', 4000), file('b', 1000)], there, 10_000)).toThrow('The files do not fit')
  expect(() => fit([file('a'.repeat(300))], index(), 900)).toThrow('The files do not fit')
  // The path is too deep for a worker to report it.
  expect(() => fit([file(`${'d/'.repeat(1000)}a`)], index(), 500_000)).toThrow('The files do not fit')
})

test('what is replaced makes room, also where there is too much already', () => {
  const there = index(file('old', 5000))
  expect(fit([file('old', 4000)], there, 1000)).toEqual(['old'])
  expect(fit([file('old', 9000)], there, 10_000)).toEqual(['old'])
  expect(() => fit([file('old', 9999)], there, 10_000)).toThrow('The files do not fit')
})

test('what cannot have room is refused before all of its folders are made', () => {
  // 200,000 files in 120 folders each: 24 million entries.
  const deep = 'd/'.repeat(119)
  const given = Array.from({ length: 200_000 }, (_, i) => file(`${i}/${deep}f`, 0))
  expect(() => fit(given, index())).toThrow('do not fit')
})
