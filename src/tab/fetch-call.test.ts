import { afterEach, expect, test, vi } from 'vitest'
import { SELF } from '../glia/test-peer.ts'
import { fetchCall } from './fetch-call.ts'

afterEach(() => vi.unstubAllGlobals())

/** Fetches from an origin that does not answer. @returns the keys of the requests that were sent, in their order */
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
  expect(new Set(keys).size).toBe(1)
  expect(keys[0]).toMatch(/^"[\da-f-]{36}"$/)
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
