import { expect, test } from 'vitest'
import { joinArgs, splitArgs } from './split-args.ts'

test.each<[string, string[]]>([
  ['', []],
  ['  ', []],
  ['-f  markdown\t-t html ', ['-f', 'markdown', '-t', 'html']],
  [`--title 'a "b" c' "it's"`, ['--title', 'a "b" c', "it's"]],
  [`a'b'"c"d ''`, ['abcd', '']],
  [String.raw`a\ b "\"\\\n"`, ['a b', String.raw`"\\n`]],
])('%o has the arguments %o', (line, args) => {
  expect(splitArgs(line)).toEqual(args)
})

test.each([`'a`, `a "b`, 'a\\'])('%o is not complete', (line) => {
  expect(splitArgs(line)).toBeUndefined()
})

test.each([[['a', 'b c', '', `it's "so"`, String.raw`\n`]], [[]]])('%o comes back from its line', (args) => {
  expect(splitArgs(joinArgs(args))).toEqual(args)
})
