import { expect, test } from 'vitest'
import { API_PATHS, isApiPath } from './api-paths.ts'

test.each([
  ['/status', true],
  ['/info', true],
  ['/peers', true],
  ['/version', true],
  ['/root', true],
  ['/ww', true],
  ['/ww/', true],
  ['/ww/0.1.0/self/root/echo', true],
  ['/', false],
  ['/wwx', false],
  ['/root/', false],
  ['/statuses', false],
  ['/glia/status', false],
  ['/version.json', false],
  ['/listed', false],
])('%s is a path of the HTTP API: %s', (path, isOne) => {
  expect(isApiPath(path)).toBe(isOne)
})

test('every path of the list is one', () => {
  for (const path of API_PATHS) expect(isApiPath(path.replace('*', 'x'))).toBe(true)
})
