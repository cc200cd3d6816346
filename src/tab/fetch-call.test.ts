import { afterEach, expect, test, vi } from 'vitest'
import { SELF } from '../glia/test-peer.ts'
import { fetchCall } from './fetch-call.ts'

afterEach(() => vi.unstubAllGlobals())

/** Fetches from an origin that does not answer. @returns the keys of the sent requests, in order */
async function keysSent(url: string, options: RequestInit = {}): Promise<(string | null)[]> {
  const keys: (string | null)[] = []
  vi.stubGlobal('fetch', async (request: Request) => {
    keys.push(request.headers.get('idempotency-key'))
    throw new TypeError('Failed to fetch')
  })
  vi.stubGlobal('setTimeout', (then: () => void) => queueMicrotask(then))
  const init = {
    base: new URL('https://glia.test/app/'),
    api: async () => new Response('here'),
    client: () => 'page',
  }
  await expect(fetchCall(url, options, init)).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
  return keys
}

test('a call of a gateway that got no answer is sent again, always with the same key', async () => {
  const keys = await keysSent(`https://gateway.test/ww/0.1.0/${SELF}/root/run`, { body: 'hello' })
  expect(keys).toHaveLength(5)
  const [first, ...others] = keys
  expect(first).toMatch(/^"[\da-f-]{36}"$/)
  // And it tells how long ago it was sent first.
  for (const other of others) expect(other).toMatch(new RegExp(`^${first};age=\\d+$`))
})

test.each(['POST', 'PUT', 'DELETE'])(
  '%s to a server that knows no such keys is sent once, without one',
  async (method) => {
    expect(await keysSent('https://shop.test/orders', { method, body: 'one' })).toEqual([null])
  },
)

test('a request that changes nothing is sent again', async () => {
  expect(await keysSent('https://gateway.test/status')).toHaveLength(5)
})

test.each<[string, string | URL, RequestInit, string]>([
  ['a target that is no URL', 'http://[', {}, '“http://[” is no URL.'],
  ['a method with a blank', '/status', { method: 'G T' }, '“G T” is no HTTP method that a page may use.'],
  ['a method that no page may use', '/status', { method: 'TRACE' }, '“TRACE” is no HTTP method that a page may use.'],
  ['a body of GET', '/status', { method: 'GET', body: 'x' }, 'GET takes no body.'],
  ['a header that is none', '/status', { headers: { 'a b': 'c' } }, 'a header has a name or a value'],
  ['a user name', 'http://me:secret@glia.test/', {}, 'its URL has a user name in it'],
])('%s is refused in words of our own', async (_, target, options, words) => {
  const init = { base: new URL('https://glia.test/app/'), api: async () => new Response(), client: () => 'page' }
  const error = await fetchCall(target, options, init).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'ERR_BAD_REQUEST' })
  const { message, cause } = error as { message: string; cause: Error }
  expect(message.startsWith(`The request cannot be made: ${words}`)).toBe(true)
  expect(message).not.toContain(cause.message)
})

test('a request that was used already is refused in words of our own', async () => {
  const used = new Request('https://shop.test/', { method: 'POST', body: 'once' })
  await used.text()
  const init = { base: new URL('https://glia.test/app/'), api: async () => new Response(), client: () => 'page' }
  await expect(fetchCall(used, {}, init)).rejects.toMatchObject({
    code: 'ERR_BAD_REQUEST',
    message: 'The request cannot be made: this Request was sent already, or one of the options is not valid.',
  })
})
