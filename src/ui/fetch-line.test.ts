import { expect, test } from 'vitest'
import { fetchLine } from './fetch-line.ts'

test('the line calls the method under the path of the app, with the message as it is', () => {
  expect(fetchLine('/glia/', 'abc', "it's", 'say "hi"')).toBe(
    `await (await fetch("/glia/ww/0.1.0/self/abc/it's", { method: 'POST', body: "say \\"hi\\"" })).text()`,
  )
})

test('a file is left to a variable', () => {
  expect(fetchLine('/', 'abc', 'echo', undefined)).toContain('body: file ')
})
