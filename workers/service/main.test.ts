import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { newPid } from '../../src/glia/pid.ts'
import { pathTo, SELF } from '../../src/glia/test-peer.ts'
import { type CallMessage, newLifeLock } from '../../src/calls/protocol.ts'
import { TestLocks } from '../../src/calls/test-locks.ts'
import { BASE } from './test-browser.ts'

/** A window of the browser, as a service worker sees it. */
class TestClient {
  readonly received: unknown[] = []
  readonly type = 'window'
  readonly frameType = 'top-level'
  readonly id: string

  constructor(id: string) {
    this.id = id
  }

  postMessage(message: unknown): void {
    this.received.push(message)
  }
}

let listeners: Map<string, (event: object) => void>
let claimed: number

beforeEach(async () => {
  listeners = new Map()
  claimed = 0
  const scope = {
    location: new URL('sw.js', BASE),
    __WB_MANIFEST: [],
    __WB_DISABLE_DEV_LOGS: true,
    caches: { match: async () => undefined, open: async () => ({ keys: async () => [] }) },
    clients: {
      matchAll: async () => [],
      // Nothing may wait for it: in Firefox it may never end.
      claim: () => {
        claimed += 1
        return new Promise(() => undefined)
      },
    },
    skipWaiting: async () => undefined,
    addEventListener: (type: string, listener: (event: object) => void) => listeners.set(type, listener),
  }
  const globals = { ...scope, self: scope, navigator: { locks: new TestLocks() }, Client: TestClient }
  for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value)
  // The host, for what is not in the list of files.
  vi.stubGlobal('fetch', async ({ url }: Request) => new Response(url))
  vi.resetModules()
  await import('./main.ts')
})

afterEach(() => void vi.unstubAllGlobals())

interface Sent {
  method?: string
  mode?: RequestMode
  destination?: RequestDestination
  clientId?: string
}

/** Sends a request through the service worker. Undefined: it leaves it to the browser. */
async function send(address: string, { method = 'GET', mode = 'cors', destination = '', clientId = 'a' }: Sent = {}) {
  const request = new Request(new URL(address, BASE), { method })
  Object.defineProperties(request, { mode: { value: mode }, destination: { value: destination } })
  let reply: Promise<Response> | undefined
  const respondWith = (given: Response | Promise<Response>): void => void (reply = Promise.resolve(given))
  listeners.get('fetch')?.({ request, clientId, resultingClientId: '', respondWith })
  return reply
}

async function codeOf(reply: Promise<Response | undefined>): Promise<unknown> {
  const answer = await reply
  return answer && ((await answer.json()) as { code: string }).code
}

/** Gives the service worker a message. Resolves when its work on it is over. */
async function tell(data: unknown, source: unknown = new TestClient('a'), ports: readonly MessagePort[] = []) {
  const waits: Promise<unknown>[] = []
  listeners.get('message')?.({ data, source, ports, waitUntil: (work: Promise<unknown>) => waits.push(work) })
  await Promise.all(waits)
}

const hello = { type: 'glia:hello', peer: SELF, slot: 0, lock: newLifeLock() }

const call: CallMessage = {
  type: 'glia:call',
  callerLock: newLifeLock(),
  deadline: 1,
  clientId: 'page',
  method: 'GET',
  path: '/listed',
  headers: [],
  first: null,
  complete: true,
}

test.each(['https://elsewhere.test/app/', 'https://glia.test/other', 'https://glia.test/ww/0.1.0/self/root/run'])(
  '%s is not of this app, and is left to the browser',
  async (address) => {
    expect(await send(address)).toBeUndefined()
  },
)

test('a form that any site may have sent is refused, whatever its address', async () => {
  for (const address of ['', 'index.html', `.${pathTo('root')}`]) {
    const sent = { method: 'POST', mode: 'navigate', destination: 'document' } as const
    expect(await codeOf(send(address, sent))).toBe('ERR_DENIED')
  }
})

test('what other apps share is kept for the page; only as the address of a window, and not in a frame', async () => {
  const sent = { method: 'POST', mode: 'navigate', destination: 'document' } as const
  // This browser keeps nothing, and the page says so.
  expect((await send('share', sent))?.headers.get('location')).toBe(`${BASE}#/shared/failed`)
  expect(await codeOf(send('share', { ...sent, destination: 'iframe' }))).toBe('ERR_DENIED')
  expect(await send('share', { method: 'POST' })).toBeUndefined()
})

test.each([`.${pathTo('root')}`, `.${pathTo(newPid(), 'run', SELF)}?x=1`, 'status', 'peers', 'info', 'ww'])(
  '%s is of the API, which is guarded, and says so where no tab answers',
  async (path) => {
    expect(await codeOf(send(path))).toBe('ERR_NO_TAB')
    expect(await codeOf(send(path, { destination: 'script' }))).toBe('ERR_DENIED')
  },
)

test('files are read with GET, and any other verb goes to the host', async () => {
  const page = await send('index.html', { mode: 'navigate', destination: 'document' })
  expect(await page?.text()).toBe(`${BASE}index.html`)
  expect(page?.headers.get('cross-origin-embedder-policy')).toBe('require-corp')
  // A name that only begins like one of the API is a file.
  expect(await (await send('statuses'))?.text()).toBe(`${BASE}statuses`)
  expect(await send('index.html', { method: 'PUT' })).toBeUndefined()
})

test('a tab that says hello is welcomed; a message of somebody else, or of no window, is not answered', async () => {
  const client = new TestClient('a')
  for (const foreign of [undefined, 'hello', { type: 'hello' }, { ...hello, lock: 'mine' }]) await tell(foreign, client)
  await expect(tell(hello, null)).resolves.toBeUndefined()
  expect(client.received).toEqual([])
  await tell(hello, client)
  expect(client.received).toEqual([{ type: 'glia:welcome', clientId: 'a' }])
})

test('a page that asks, and a new version, take over the open pages; nothing waits for that', async () => {
  await tell({ type: 'glia:claim' })
  const waits: Promise<unknown>[] = []
  const event = { type: 'activate', waitUntil: (work: Promise<unknown>) => waits.push(work) }
  listeners.get('activate')?.(event)
  await Promise.all(waits)
  expect(claimed).toBe(2)
})

test('a call between tabs is passed on, or its caller told that there is no such tab', async () => {
  const { port1, port2 } = new MessageChannel()
  const told = new Promise((resolve) => (port1.onmessage = ({ data }: MessageEvent) => resolve(data)))
  await tell({ type: 'glia:pass', peer: SELF, call }, undefined, [port2])
  expect(await told).toEqual({ type: 'no-tab' })
  port1.close()
  const client = new TestClient('a')
  await navigator.locks.request(hello.lock, async () => {
    await tell(hello, client)
    await tell({ type: 'glia:pass', peer: SELF, call }, undefined, [new MessageChannel().port1])
  })
  expect(client.received.at(-1)).toEqual(call)
})
