import { setMaxListeners } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { TestLocks } from '../calls/test-locks.ts'
import { takeSlot } from './slot.ts'

/** All pages of a test live in this realm: they share its locks, its channels, and its `pagehide` events. */
let realm: EventTarget
let pages: AbortController[]

beforeEach(() => {
  realm = new EventTarget()
  setMaxListeners(0, realm)
  pages = []
  vi.stubGlobal('navigator', { locks: new TestLocks() })
  vi.stubGlobal('addEventListener', realm.addEventListener.bind(realm))
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  for (const page of pages) page.abort()
})

/** Opens a page of a tab. A reload has the tab of the page before, a duplicate a copy of it. */
function open(tab = new Map<string, string>(), storage = 'glia') {
  const sessionStorage = {
    getItem: (key: string) => tab.get(key) ?? null,
    setItem: (key: string, value: string) => tab.set(key, value),
  }
  vi.stubGlobal('sessionStorage', sessionStorage)
  const page = new AbortController()
  pages.push(page)
  return { tab, close: () => page.abort(), slot: takeSlot({ storage, alive: page.signal }) }
}

const tabOf = (slot: string): Map<string, string> => new Map([['glia.slot', slot]])

function reloaded(): void {
  const entry = { type: 'reload' } as unknown as PerformanceEntry
  vi.spyOn(performance, 'getEntriesByType').mockReturnValue([entry])
}

test('each tab gets the lowest free number, and the number of a closed tab is free again', async () => {
  const first = open()
  expect(await first.slot).toBe(0)
  expect(await open().slot).toBe(1)
  expect(await open().slot).toBe(2)
  first.close()
  await expect.poll(async () => (await navigator.locks.query()).held?.length).toBe(2)
  expect(await open().slot).toBe(0)
})

test('a page that is hidden for good gives its number back, before it ends', async () => {
  const { tab, slot } = open()
  expect(await slot).toBe(0)
  realm.dispatchEvent(new Event('pagehide'))
  expect(await open(tab).slot).toBe(0)
})

test('a tab keeps its number over a reload, also if lower ones are free', async () => {
  const { tab, slot } = open(tabOf('5'))
  expect(await slot).toBe(5)
  expect(tab.get('glia.slot')).toBe('5')
})

/** A page of slot 0, and the one that replaces it. The page before answers, and takes its time to go. */
async function replaced(): Promise<Record<'before' | 'after', ReturnType<typeof open>>> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const before = open()
  expect(await before.slot).toBe(0)
  reloaded()
  const after = open(before.tab)
  await answered(0)
  return { before, after }
}

test('a page waits for the one that it replaces, which says until its end that it has the number', async () => {
  const { before, after } = await replaced()
  await vi.advanceTimersByTimeAsync(2900)
  before.close()
  expect(await after.slot).toBe(0)
})

test('a page before that does not go within three seconds loses the tab', async () => {
  const { before, after } = await replaced()
  await vi.advanceTimersByTimeAsync(3000)
  expect(await after.slot).toBe(1)
  expect(before.tab.get('glia.slot')).toBe('1')
})

test('a duplicated tab gets a number of its own, soon after the original says that it has the other', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const original = open()
  expect(await original.slot).toBe(0)
  const copy = open(new Map(original.tab))
  await answered(0)
  await vi.advanceTimersByTimeAsync(300)
  expect(await copy.slot).toBe(1)
  expect([original.tab, copy.tab].map((tab) => tab.get('glia.slot'))).toEqual(['0', '1'])
})

test.each(['', ' x', '-1', '1.5', '64', 'NaN', 'Infinity', '1e9'])(
  'a remembered number that is none, %o, is not waited for',
  async (text) => {
    const request = vi.spyOn(navigator.locks, 'request')
    expect(await open(tabOf(text)).slot).toBe(0)
    expect(request.mock.calls.map(([name, options]) => [name, options])).toEqual([
      ['glia:slot:0', { ifAvailable: true }],
    ])
  },
)

test('the numbers of another storage are others', async () => {
  expect(await open().slot).toBe(0)
  const other = open(undefined, 'embedded')
  expect(await other.slot).toBe(0)
  expect([...other.tab]).toEqual([['embedded.slot', '0']])
})

test('the 65th tab is told that too many are open', async () => {
  for (let slot = 0; slot < 64; slot++) expect(await open().slot).toBe(slot)
  await expect(open().slot).rejects.toThrow('64 tabs of this app are open already.')
})

/** Resolves when the page with the number has answered whoever asked for it, and the answer has been read. */
async function answered(slot: number): Promise<void> {
  const others = new BroadcastChannel('glia:slots')
  const said = new Promise<void>((resolve) => {
    others.onmessage = ({ data }: MessageEvent) => {
      if (data === `mine ${slot}`) resolve()
    }
  })
  await said
  others.close()
  await new Promise(setImmediate)
}
