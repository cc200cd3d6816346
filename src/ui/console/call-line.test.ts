import { expect, test } from 'vitest'
import { curlLine, fetchLine } from './call-line.ts'

test('the line calls the method under the path of the app, with the message as it is', () => {
  expect(fetchLine('/glia/', 'abc', "it's", 'say "hi"')).toBe(
    `await (await fetch("/glia/ww/0.1.0/self/abc/it's", { method: 'POST', body: "say \\"hi\\"" })).text()`,
  )
})

test('a file is left to a variable', () => {
  expect(fetchLine('/', 'abc', 'echo', undefined)).toContain('body: file ')
})

test('the line for a shell calls through the gateway, whatever is in the message', () => {
  const to = { gateway: 'http://localhost:2080/', peerId: 'P', pid: 'abc', method: 'echo' }
  const url = "'http://localhost:2080/ww/0.1.0/P/abc/echo'"
  expect(curlLine({ ...to, body: "it's @home" })).toBe(String.raw`curl --data-raw 'it'\''s @home' ` + url)
  expect(curlLine({ ...to, body: '' })).toBe(`curl -X POST ${url}`)
  expect(curlLine({ ...to, body: undefined })).toBe(`curl --data-binary @file ${url}`)
})
