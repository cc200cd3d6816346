import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { holdForPeer } from '../../src/calls/life-lock.ts'
import { type CallMessage, newLifeLock } from '../../src/calls/protocol.ts'
import { passCall, type Tab } from './tabs.ts'
import { TestBrowser } from './test-browser.ts'

let browser: TestBrowser

beforeEach(() => void (browser = new TestBrowser()))
afterEach(() => {
  vi.useRealTimers()
  browser.close()
})

/** Lets time pass in steps, with the messages that arrive meanwhile. */
async function pass(ms: number): Promise<void> {
  for (let i = 0; i < ms; i += 100) {
    await vi.advanceTimersByTimeAsync(100)
    await new Promise(setImmediate)
  }
}

/** Says whether a lookup is over. */
function watch(lookup: Promise<Tab | undefined>) {
  const seen: { over: boolean; peer?: string | undefined } = { over: false }
  void lookup.then((tab) => Object.assign(seen, { over: true, peer: tab?.peer }))
  return seen
}

test('a tab that says hello is welcomed with its id, and found without a question', async () => {
  const window = await browser.join({ id: 'a', peer: 'one' })
  expect(await browser.tabs.ofPeer('one')).toMatchObject({ peer: 'one', lock: window.lock })
  expect(await browser.tabs.ofClient('a')).toMatchObject({ peer: 'one' })
  await expect.poll(() => window.received).toEqual([{ type: 'glia:welcome', clientId: 'a' }])
})

test('a service worker that has just started asks each window who it is, once for all lookups', async () => {
  // No time passes: the lookups end with the last answer.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const windows = ['one', 'two'].map((peer) => browser.open({ id: peer, peer }))
  const found = await Promise.all(['one', 'two', 'one'].map((peer) => browser.tabs.ofPeer(peer)))
  expect(found.map((tab) => tab?.peer)).toEqual(['one', 'two', 'one'])
  await new Promise(setImmediate)
  for (const { types } of windows) expect(types).toEqual(['glia:who', 'glia:welcome'])
})

test('windows that run no peer are given up after 1.5 s, and asked only once; frames are not asked', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const [silent, frame] = [browser.open({ id: 'a' }), browser.open({ id: 'b', frameType: 'nested' })]
  const first = watch(browser.tabs.ofPeer('one'))
  await pass(1400)
  expect(first.over).toBe(false)
  await pass(200)
  expect(first).toEqual({ over: true, peer: undefined })
  expect(await browser.tabs.ofPeer('one')).toBeUndefined()
  expect([silent.types, frame.types]).toEqual([['glia:who'], []])
})

test('a tab that holds the lock of its peer is busy, and waited for up to 8 s', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const life = new AbortController()
  holdForPeer('busy', life.signal)
  const window = browser.open({ id: 'a' })
  const first = watch(browser.tabs.ofPeer('busy'))
  await pass(7900)
  expect(first.over).toBe(false)
  await pass(200)
  expect(first).toEqual({ over: true, peer: undefined })
  // It is asked again: it may answer now.
  const again = watch(browser.tabs.ofPeer('busy'))
  await pass(100)
  expect([again.over, window.types]).toEqual([false, ['glia:who', 'glia:who']])
  life.abort()
  await pass(1500)
  expect(again).toEqual({ over: true, peer: undefined })
})

test('a tab that answers late is found at once from then on', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  browser.open({ id: 'a' })
  const late = browser.open({ id: 'b' })
  holdForPeer('late', new AbortController().signal)
  const lookup = watch(browser.tabs.ofPeer('late'))
  await pass(5000)
  const hello = { type: 'glia:hello', peer: 'late', slot: 1, lock: newLifeLock() } as const
  await navigator.locks.request(hello.lock, async () => {
    browser.tabs.hello(late.client, hello)
    expect((await browser.tabs.ofPeer('late'))?.slot).toBe(1)
  })
  await pass(3000)
  expect(lookup.over).toBe(true)
})

test('a client has its own tab; one that runs no peer has that with the lowest number', async () => {
  expect(await browser.tabs.ofClient('a')).toBeUndefined()
  for (const [id, slot] of [
    ['b', 2],
    ['c', 0],
    ['d', 1],
  ] as const)
    await browser.join({ id, peer: `peer ${id}`, slot })
  expect((await browser.tabs.ofClient('d'))?.peer).toBe('peer d')
  for (const unknown of ['a worker', '']) expect((await browser.tabs.ofClient(unknown))?.peer).toBe('peer c')
})

test('a tab that is closed is forgotten, however often it has said hello', async () => {
  const closed = await browser.join({ id: 'a', peer: 'one', slot: 0 })
  await browser.join({ id: 'b', peer: 'two', slot: 1 })
  browser.tabs.hello(closed.client, { type: 'glia:hello', peer: 'one', slot: 0, lock: closed.lock })
  closed.close()
  await expect.poll(async () => (await browser.tabs.ofClient('a worker'))?.peer).toBe('two')
})

test('a page that follows another one in its window is kept when the death of the other is told', async () => {
  const window = await browser.join({ id: 'a', peer: 'one' })
  // Nobody holds this lock: its page is dead.
  browser.tabs.hello(window.client, { type: 'glia:hello', peer: 'one', slot: 0, lock: newLifeLock() })
  browser.tabs.hello(window.client, { type: 'glia:hello', peer: 'one', slot: 0, lock: window.lock })
  await new Promise(setImmediate)
  expect(await browser.tabs.ofPeer('one')).toMatchObject({ lock: window.lock })
})

test('a call is given to a tab with the start of its body and the port for its reply', async () => {
  const window = await browser.join({ id: 'a', peer: 'one' })
  const first = Uint8Array.of(1, 2, 3)
  const call: CallMessage = {
    type: 'glia:call',
    callerLock: newLifeLock(),
    deadline: Date.now() + 5000,
    clientId: 'page',
    method: 'POST',
    path: '/',
    headers: [],
    first,
    complete: true,
  }
  const tab = await browser.tabs.ofPeer('one')
  const { port1, port2 } = new MessageChannel()
  if (tab) passCall(tab, call, port2)
  await expect.poll(() => window.calls.length).toBe(1)
  const [given] = window.calls
  expect(given?.call).toEqual({ ...call, first: Uint8Array.of(1, 2, 3) })
  // Moved, not copied.
  expect(first.length).toBe(0)
  const reply = new Promise((resolve) => (port1.onmessage = ({ data }: MessageEvent) => resolve(data)))
  given?.port.postMessage('here')
  expect(await reply).toBe('here')
  port1.close()
})
