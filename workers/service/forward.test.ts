import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { GliaError } from '../../src/glia/errors.ts'
import { newPid } from '../../src/glia/pid.ts'
import { echo, makePeer, makeProc, OTHER, pathTo, type Run, SELF, untilAborted } from '../../src/glia/test-peer.ts'
import { holdForLife } from '../../src/calls/life-lock.ts'
import { type FromTab, newLifeLock } from '../../src/calls/protocol.ts'
import { forward } from './forward.ts'
import { BASE, TestBrowser } from './test-browser.ts'

let browser: TestBrowser
const lock = newLifeLock()

beforeEach(async () => {
  browser = new TestBrowser()
  await holdForLife(lock)
})
afterEach(() => {
  vi.useRealTimers()
  browser.close()
})

interface Sent {
  path?: string
  method?: string
  body?: BodyInit
  signal?: AbortSignal
  clientId?: string
  resultingClientId?: string
}

/** Sends a request of a page through the service worker. */
function send({ path = pathTo('root'), method = 'POST', body, signal, clientId = 'a', ...event }: Sent = {}) {
  const init: RequestInit & { duplex: 'half' } = { method, duplex: 'half', ...(signal && { signal }) }
  const request = new Request(new URL(path, BASE), body === undefined ? init : { ...init, body })
  const { tabs, deaths } = browser
  return forward({ request, clientId, resultingClientId: '', ...event } as FetchEvent, path, { tabs, lock, deaths })
}

/** A tab whose root process runs a function. */
async function tab(run: Run, { id = 'a', peer = SELF, slot = 0 } = {}) {
  const { proc, failures } = makeProc(() => run)
  const window = await browser.join({ id, peer, slot, api: makePeer([proc]).http })
  return { proc, failures, window }
}

const says =
  (text: string): Run =>
  async (message) =>
    message.write(new TextEncoder().encode(text))

async function codeOf(reply: Promise<Response>): Promise<[number, string]> {
  const { status, ...response } = await reply.then(async (given) => ({
    status: given.status,
    error: (await given.json()) as { code: string },
  }))
  return [status, response.error.code]
}

test('a request reaches the tab of its page, and the reply comes back with its head', async () => {
  const { window } = await tab(echo)
  const reply = await send({ body: 'hello' })
  expect([reply.status, await reply.text()]).toEqual([200, 'hello'])
  expect(reply.headers.get('x-content-type-options')).toBe('nosniff')
  const [{ call } = {}] = window.calls
  expect(call).toMatchObject({ callerLock: lock, clientId: 'a', method: 'POST', complete: true })
})

test('a query has no body, and keeps what follows its path', async () => {
  const { window } = await tab(echo)
  const reply = await send({ method: 'GET', path: '/version?x=1' })
  expect(await reply.text()).toBe('ww/0.1.0')
  expect(window.calls[0]?.call).toMatchObject({ path: '/version?x=1', first: null, complete: true })
})

test('a body of any size is sent on whole, and its reply streamed', async () => {
  await tab(echo)
  const bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 251)
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += 50_000) controller.enqueue(bytes.slice(at, at + 50_000))
      controller.close()
    },
  })
  const reply = await send({ body: source })
  expect(Buffer.from(await reply.arrayBuffer()).equals(Buffer.from(bytes))).toBe(true)
})

test('a peer in the path is called in its own tab, and `self` in that of the page, or the first one', async () => {
  await tab(says('mine'), { id: 'a', peer: SELF, slot: 1 })
  await tab(says('other'), { id: 'b', peer: OTHER, slot: 0 })
  const ask = async (sent: Sent) => (await send(sent)).text()
  expect(await ask({ clientId: 'a' })).toBe('mine')
  expect(await ask({ clientId: 'b' })).toBe('other')
  expect(await ask({ clientId: 'a worker' })).toBe('other')
  expect(await ask({ clientId: '', resultingClientId: 'a' })).toBe('mine')
  expect(await ask({ clientId: 'b', path: pathTo('root', 'run', SELF) })).toBe('mine')
})

test('for a peer that no tab runs, the router of the page’s tab answers', async () => {
  await tab(echo)
  expect(await codeOf(send({ path: pathTo(newPid(), 'run', OTHER), body: '' }))).toEqual([502, 'ERR_UNREACHABLE'])
})

test('where no tab runs a peer, the reply says which page to open', async () => {
  const reply = await send()
  expect(reply.status).toBe(503)
  const { code, message } = (await reply.json()) as { code: string; message: string }
  expect([code, message]).toEqual(['ERR_NO_TAB', expect.stringContaining(`Open ${BASE} and`)])
})

test('a failure of the process is the reply, with the headers of the API', async () => {
  await tab(async () => {
    throw new GliaError('ERR_TRAPPED', 'on purpose')
  })
  const reply = await send({ body: '' })
  expect(reply.headers.get('content-security-policy')).toContain('sandbox')
  expect(await codeOf(Promise.resolve(reply))).toEqual([500, 'ERR_TRAPPED'])
})

test('a tab that is closed during a call ends it', async () => {
  const { proc, window } = await tab(untilAborted)
  const reply = send({ body: '' })
  await expect.poll(() => proc.state).toBe('busy')
  window.close()
  expect((await codeOf(reply))[1]).toBe('ERR_UNREACHABLE')
})

test('a tab that is closed before it answers ends it too', async () => {
  const window = await browser.join({ id: 'a', peer: SELF })
  const reply = send({ body: '' })
  await expect.poll(() => window.calls.length).toBe(1)
  window.close()
  expect((await codeOf(reply))[1]).toBe('ERR_UNREACHABLE')
})

test('a page that gives up ends its call in the tab', async () => {
  const { proc } = await tab(untilAborted)
  const aborter = new AbortController()
  const reply = send({ body: '', signal: aborter.signal })
  await expect.poll(() => proc.state).toBe('busy')
  aborter.abort()
  expect((await codeOf(reply))[1]).toBe('ERR_ABORTED')
  await expect.poll(() => proc.state).not.toBe('busy')
})

test('an upload that breaks off before the call is none', async () => {
  const { window } = await tab(echo)
  const broken = new ReadableStream({ start: (controller) => controller.error(new DOMException('no', 'AbortError')) })
  expect((await codeOf(send({ body: broken })))[1]).toBe('ERR_ABORTED')
  expect(window.calls).toEqual([])
})

test('a reply that has not begun after 280 s is given up, and one that has may take longer', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  const window = await browser.join({ id: 'a', peer: SELF })
  const [slow, begun] = [send({ body: '' }), send({ body: '' })]
  // The start of a body has some milliseconds.
  while (window.calls.length < 2) {
    await vi.advanceTimersByTimeAsync(1)
    await new Promise(setImmediate)
  }
  const say = (at: number, message: FromTab) => window.calls[at]?.port.postMessage(message)
  // A tab that answers no pings, as those of older versions.
  for (const at of [0, 1]) say(at, { type: 'ack', lock: window.lock })
  say(1, { type: 'head', status: 200, headers: [], body: null, complete: false })
  const reply = await begun
  await vi.advanceTimersByTimeAsync(281_000)
  const late = await slow
  expect(late.status).toBe(504)
  expect(await late.json()).toMatchObject({
    code: 'ERR_DEADLINE',
    message: expect.stringContaining('glia.fetch') as unknown,
  })
  say(1, { type: 'data', bytes: Uint8Array.of(104, 105) })
  say(1, { type: 'end' })
  expect(await reply.text()).toBe('hi')
})
