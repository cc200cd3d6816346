import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ACTOR_CSP, PAGE_CSP } from '../../src/headers.ts'
import type { AppCache } from './cache.ts'

/** The part of the Cache API that is used. Node 20 has none. */
class TestCache {
  readonly stored = new Map<string, Response>()
  match = async (request: RequestInfo) => this.stored.get(urlOf(request))?.clone()
  put = async (request: RequestInfo, response: Response) => void this.stored.set(urlOf(request), response)
  delete = async (request: RequestInfo) => this.stored.delete(urlOf(request))
  keys = async () => [...this.stored.keys()].map((url) => new Request(url))
}

function urlOf(request: RequestInfo): string {
  return typeof request === 'string' ? request : request.url
}

/** What the host has: a body by path, or a path to go to. It sends no headers of its own. */
let files: Record<string, string | { to: string }>
let asked: string[]
/** The host answers nothing until it was asked for so many files. */
let answersAfter: number
let server: Server
let base: URL
let stored: TestCache

beforeEach(async () => {
  asked = []
  answersAfter = 0
  const enough = Promise.withResolvers<void>()
  files = { '/app/index.html': 'the page', '/app/actor.js': 'the actor', '/app/assets/a-1.js': 'a script' }
  const answer = (url: string, response: ServerResponse): void => {
    const file = files[url.replace(/\?.*/, '')]
    if (typeof file === 'object') response.writeHead(302, { location: file.to }).end()
    else response.writeHead(file === undefined ? 404 : 200, { 'content-type': 'text/html' }).end(file)
  }
  server = createServer(({ url = '' }, response) => {
    asked.push(url)
    if (asked.length >= answersAfter) enough.resolve()
    void enough.promise.then(() => answer(url, response))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  base = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/app/`)
  stored = new TestCache()
})

afterEach(() => {
  vi.unstubAllGlobals()
  server.closeAllConnections()
  server.close()
})

interface Entry {
  url: string
  revision: string | null
}

const MANIFEST: readonly Entry[] = [
  { url: 'index.html', revision: '1' },
  { url: 'actor.js', revision: '1' },
  { url: 'assets/a-1.js', revision: null },
]

/** The cache of a service worker that was built with a list of files. */
async function start(manifest = MANIFEST): Promise<AppCache> {
  vi.resetModules()
  const caches = { open: async () => stored, match: stored.match }
  const scope = { location: new URL('sw.js', base), caches, __WB_MANIFEST: manifest, __WB_DISABLE_DEV_LOGS: true }
  const events = { ExtendableEvent: LifeEvent, FetchEvent: class extends LifeEvent {} }
  for (const [name, value] of Object.entries({ ...scope, ...events, self: scope })) vi.stubGlobal(name, value)
  const loaded = await import('./cache.ts')
  return new loaded.AppCache(base)
}

/** Install or activate. What it waits for is returned too. */
class LifeEvent extends Event {
  waitUntil(): void {
    // The test waits.
  }
}

/** A cache with the files of the host. */
async function installed(manifest?: readonly Entry[]): Promise<AppCache> {
  const cache = await start(manifest)
  await cache.install(new LifeEvent('install'))
  return cache
}

const get = (path: string) => new Request(new URL(path, base))

test('the files are stored at install, and served when the host is gone', async () => {
  const cache = await installed()
  server.closeAllConnections()
  server.close()
  for (const [path, content] of [
    ['', 'the page'],
    ['index.html', 'the page'],
    ['index.html?from=elsewhere', 'the page'],
    ['assets/a-1.js', 'a script'],
  ] as const) {
    const response = await cache.serve(get(path))
    expect([response.status, await response.text()]).toEqual([200, content])
  }
  await expect(cache.serve(get('never-stored.js'))).rejects.toThrow('fetch failed')
})

test('files get the headers that their host does not send, and keep those that it sends', async () => {
  const cache = await installed()
  const page = (await cache.serve(get(''))).headers
  expect(page.get('cross-origin-embedder-policy')).toBe('require-corp')
  expect(page.get('content-security-policy')).toContain(PAGE_CSP)
  expect(page.get('content-type')).toBe('text/html')
  expect((await cache.serve(get('actor.js'))).headers.get('content-security-policy')).toBe(ACTOR_CSP)
  expect((await cache.serve(get('assets/a-1.js'))).headers.get('cache-control')).toContain('immutable')
})

test('files are fetched beside each other, so that the first visit does not wait for one after the other', async () => {
  answersAfter = MANIFEST.length
  await installed()
  expect(stored.stored.size).toBe(MANIFEST.length)
})

test('a file that is not in the list comes from the host, with the headers and with the host’s status', async () => {
  const cache = await installed()
  files['/app/other.html'] = 'another page'
  const other = await cache.serve(get('other.html'))
  expect(await other.text()).toBe('another page')
  expect(other.headers.get('content-security-policy')).toContain(PAGE_CSP)
  expect((await cache.serve(get('missing'))).status).toBe(404)
  expect(asked.filter((url) => url === '/app/other.html')).toHaveLength(1)
})

test('a response that has been redirected is passed on as it is', async () => {
  const cache = await installed()
  files['/app/old'] = { to: '/app/index.html' }
  const response = await cache.serve(get('old'))
  expect([response.redirected, await response.text()]).toEqual([true, 'the page'])
  expect(response.headers.get('content-security-policy')).toBeNull()
})

test('a service worker is not installed with a file missing', async () => {
  const cache = await start([...MANIFEST, { url: 'missing.js', revision: '1' }])
  await expect(cache.install(new LifeEvent('install'))).rejects.toThrow('missing.js')
})

test('a new version fetches only what has changed, and drops the old files when it takes over', async () => {
  await installed()
  files['/app/index.html'] = 'the new page'
  asked = []
  const newer = await installed([
    { url: 'index.html', revision: '2' },
    { url: 'actor.js', revision: '1' },
  ])
  expect(asked.map((url) => url.replace(/\?.*/, ''))).toEqual(['/app/index.html'])
  // The old version still serves its pages.
  expect(stored.stored.size).toBe(4)
  await newer.activate(new LifeEvent('activate'))
  expect(stored.stored.size).toBe(2)
  expect(await (await newer.serve(get(''))).text()).toBe('the new page')
})

test('the development server stores nothing, and sends only the actor’s policy', async () => {
  const cache = await installed([])
  expect(stored.stored.size).toBe(0)
  const page = (await cache.serve(get('index.html'))).headers
  expect(page.get('content-security-policy')).toBeNull()
  expect(page.get('cross-origin-embedder-policy')).toBe('require-corp')
  expect((await cache.serve(get('actor.js'))).headers.get('content-security-policy')).toBe(ACTOR_CSP)
})
