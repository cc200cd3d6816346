import { expect, test } from 'vitest'
import { readFilesChanged } from './files-api.ts'

const bytes = new Uint8Array([1])

test('changes are taken as they are meant', () => {
  const changes = [
    { path: 'a', kind: 'file', bytes },
    { path: 'a/b', kind: 'directory' },
    { path: 'a/größe', kind: 'link', target: '../a' },
    { path: 'a/b/c', kind: 'removed' },
  ]
  expect(readFilesChanged({ type: 'changed', changes, tooLong: 2, more: 1 })).toEqual({
    type: 'changed',
    changes,
    tooLong: 2,
  })
})

test.each([
  ['nothing', undefined],
  ['another type', { type: 'saved', changes: [] }],
  ['no list', { type: 'changed', changes: {}, tooLong: 0 }],
  ['no count', { type: 'changed', changes: [] }],
  ['no change', { type: 'changed', changes: [null], tooLong: 0 }],
  ['an unknown kind', { type: 'changed', changes: [{ path: 'a', kind: 'socket' }], tooLong: 0 }],
  ['a file without bytes', { type: 'changed', changes: [{ path: 'a', kind: 'file', bytes: [1] }], tooLong: 0 }],
  ['a link without target', { type: 'changed', changes: [{ path: 'a', kind: 'link' }], tooLong: 0 }],
])('what is none is refused: %s', (_, message) => {
  expect(() => readFilesChanged(message)).toThrow(TypeError)
})

test.each(['', '/a', 'a/', 'a//b', '.', 'a/../b', 'a\0b', 'x'.repeat(5000)])('%j is no path', (path) => {
  expect(() => readFilesChanged({ type: 'changed', changes: [{ path, kind: 'removed' }], tooLong: 0 })).toThrow(
    TypeError,
  )
})
