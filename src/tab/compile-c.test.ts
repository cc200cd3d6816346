import { expect, test } from 'vitest'
import { problemsIn } from './compile-c.ts'

const TEXT = 'int one;\nchar *a = "äöü", *b = nothing;\n'

test('what clang says has its words and its place, counted in bytes by clang', () => {
  const at = TEXT.indexOf('nothing')
  expect(
    problemsIn("playground.c:2:26: error: use of undeclared identifier 'nothing'\n1 error generated.\n", TEXT),
  ).toEqual([{ message: "use of undeclared identifier 'nothing'", isError: true, place: { start: at, end: at + 7 } }])
})

test.each([
  ['./actor.h:9:1: warning: something', { message: 'something (in ./actor.h)', isError: false, place: undefined }],
  ['wasm-ld: error: undefined symbol: x', { message: 'undefined symbol: x', isError: true, place: undefined }],
  ['playground.c:1:10: fatal error: no file', { message: 'no file', isError: true, place: { start: 8, end: 8 } }],
  [
    'playground.c:99:1: error: beyond',
    { message: 'beyond', isError: true, place: { start: TEXT.length, end: TEXT.length } },
  ],
])('%s', (line, problem) => {
  expect(problemsIn(line, TEXT)).toEqual([problem])
})

test('what is no problem is left out, and so are many problems', () => {
  expect(problemsIn('1 error generated.\nclang: note: see\n\n', TEXT)).toEqual([])
  expect(problemsIn('playground.c:1:1: error: again\n'.repeat(500), TEXT)).toHaveLength(50)
})
