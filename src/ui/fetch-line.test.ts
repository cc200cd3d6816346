import { expect, test } from 'vitest'
import { fetchLine } from './fetch-line.ts'

test('the line calls the method under the path of the app', () => {
  expect(fetchLine('/glia/', 'abc', 'echo', 'say "hi"')).toBe(
    `await (await fetch('/glia/ww/0.1.0/self/abc/echo', { method: 'POST', body: "say \\"hi\\"" })).text()`,
  )
})

test('a long message and a file are left for the reader to fill in', () => {
  expect(fetchLine('/', 'abc', 'echo', 'x'.repeat(1000))).toContain('body: "…"')
  expect(fetchLine('/', 'abc', 'echo', undefined)).toContain('body: "…"')
})
