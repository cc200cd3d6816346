import { expect, test } from 'vitest'
import { curlLine, fetchLine, gliaLine, goLine } from './call-line.ts'

test('the line calls the method under the path of the app, with the message as it is', () => {
  expect(fetchLine('/glia/', "/ww/0.1.0/self/abc/it's", 'say "hi"')).toBe(
    `await (await fetch("/glia/ww/0.1.0/self/abc/it's", { method: 'POST', body: "say \\"hi\\"" })).text()`,
  )
})

test('a file is left to a variable', () => {
  expect(fetchLine('/', '/ww/0.1.0/self/abc/echo', undefined)).toContain('body: file ')
})

test('the line for a shell calls through the gateway, whatever is in the message', () => {
  const to = { gateway: 'http://localhost:2080/', address: '/ww/0.1.0/P/abc/echo' }
  const url = "'http://localhost:2080/ww/0.1.0/P/abc/echo'"
  expect(curlLine({ ...to, body: "it's @home" })).toBe(String.raw`curl --data-raw 'it'\''s @home' ` + url)
  expect(curlLine({ ...to, body: '' })).toBe(`curl -X POST ${url}`)
  expect(curlLine({ ...to, body: undefined })).toBe(`curl --data-binary @file ${url}`)
})

test('the line with the command sends the message through a pipe', () => {
  const to = { gateway: 'http://localhost:2080/', address: '/ww/0.1.0/P/abc/echo' }
  const call = "glia call --gateway 'http://localhost:2080/' '/ww/0.1.0/P/abc/echo'"
  expect(gliaLine({ ...to, body: "it's" })).toBe(String.raw`printf %s 'it'\''s' | ` + call)
  expect(gliaLine({ ...to, body: '' })).toBe(`${call} < /dev/null`)
  expect(gliaLine({ ...to, body: undefined })).toBe(`${call} file`)
})

test('the program in Go is one that its compiler takes', () => {
  const to = { gateway: 'http://localhost:2080/', address: '/ww/0.1.0/P/abc/echo' }
  const typed = goLine({ ...to, body: 'say "hi"\n' })
  expect(typed).toContain('"strings"')
  expect(typed).toContain(String.raw`strings.NewReader("say \"hi\"\n")`)
  const file = goLine({ ...to, body: undefined })
  // An import without a use does not compile.
  expect(file).not.toContain('"strings"')
  expect(file).toContain('http.Post("http://localhost:2080/ww/0.1.0/P/abc/echo"')
})

test('each line names the instance of a key', () => {
  const address = "/ww/0.1.0/P/abc:Anna's list: 1?/add"
  const to = { gateway: 'http://localhost:2080/', address, body: '' }
  const path = "ww/0.1.0/P/abc:Anna's%20list:%201%3F/add"
  expect(fetchLine('/', address, '')).toContain(`fetch("/${path}"`)
  expect(curlLine(to)).toContain(path.replaceAll("'", String.raw`'\''`))
  expect(goLine(to)).toContain(`http.Post("http://localhost:2080/${path}"`)
  expect(gliaLine(to)).toContain(address.replaceAll("'", String.raw`'\''`))
})
