// The same main paths in Firefox, which Playwright cannot drive as it is installed: through WebDriver BiDi.
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import puppeteer, { type Browser, type ElementHandle, type Page } from 'puppeteer-core'
import type { GliaScripting } from '../src/tab/script-api.ts'
import { type GuestName, guest } from './guests/guests.ts'
import { test as base } from './server.ts'
import { installTools, type Outcome } from './tab.ts'

const PATHS = [process.env['FIREFOX_PATH'] ?? '', '/usr/bin/firefox-esr', '/usr/bin/firefox', '/snap/bin/firefox']
const FIREFOX = PATHS.find((path) => path !== '' && existsSync(path))

const test = base.extend<object, { firefox: Browser }>({
  firefox: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures a fixture needs from this pattern
    async ({}, use) => {
      const browser = await puppeteer.launch({ browser: 'firefox', executablePath: FIREFOX ?? '', headless: true })
      await use(browser)
      await browser.close()
    },
    { scope: 'worker', timeout: 60_000 },
  ],
})

test.skip(FIREFOX === undefined, 'Firefox is not installed: set FIREFOX_PATH, or install firefox-esr')
test.describe.configure({ mode: 'default' })

async function openTab(browser: Browser, url: string): Promise<Page> {
  const page = await browser.newPage()
  await page.evaluateOnNewDocument(installTools)
  await page.goto(url)
  await ready(page)
  return page
}

async function ready(page: Page): Promise<void> {
  await page.waitForFunction(() => globalThis.glia !== undefined)
  await page.evaluate(() => glia.ready)
}

/** Makes a process of a test guest. @returns its PID. */
async function spawn(
  page: Page,
  name: GuestName,
  options: Parameters<GliaScripting['spawn']>[1] = {},
): Promise<string> {
  const bytes = [...(await guest(name))]
  return page.evaluate((module, given) => glia.spawn(new Uint8Array(module), given), bytes, { name, ...options })
}

/** Calls a method of one of the page's processes. */
function call(page: Page, pid: string, method: string, body = ''): Promise<Outcome> {
  const address = `/ww/0.1.0/self/${pid}/${method}`
  return page.evaluate((to, message) => tools.outcome(glia.call(to, message)), address, body)
}

test('in Firefox the tab is an isolated peer with the HTTP API', async ({ firefox, server }) => {
  const page = await openTab(firefox, server.url)
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
  const status = await page.evaluate(async () => (await fetch('/status')).text())
  expect(status).toContain(await page.evaluate(() => glia.peerId))
  expect(await page.evaluate(async () => (await fetch('/ww/0.1.0/self/root/echo')).status)).toBe(405)
  await page.close()
})

test('in Firefox messages of 0 B, 64 KiB and 1 MiB come back over HTTP as they were sent', async ({
  firefox,
  server,
}) => {
  const page = await openTab(firefox, server.url)
  for (const size of [0, 64 * 1024, 1024 * 1024]) {
    const same = await page.evaluate(async (length) => {
      const body = new Uint8Array(length).map((_, i) => i * 31)
      const response = await fetch('/ww/0.1.0/self/root/echo', { method: 'POST', body })
      const reply = new Uint8Array(await response.arrayBuffer())
      return reply.length === length && reply.every((byte, i) => byte === body[i])
    }, size)
    expect(same, `${size} bytes`).toBe(true)
  }
  await page.close()
})

test('in Firefox a chosen and a dropped file become processes that are called over HTTP', async ({
  firefox,
  server,
}) => {
  const page = await openTab(firefox, server.url)
  const folder = await mkdtemp(join(tmpdir(), 'glia-'))
  try {
    const file = join(folder, 'chosen.wasm')
    await writeFile(file, await guest('trouble'))
    const input = (await page.waitForSelector(
      'input[aria-label="Add a .wasm actor"]',
    )) as ElementHandle<HTMLInputElement>
    const start = async (): Promise<void> => {
      const button = await page.waitForSelector('dialog[open] button[type="submit"]')
      await button?.press('Enter')
    }
    await input.uploadFile(file)
    await start()
    await page.waitForFunction(() => glia.procs().some(({ name }) => name === 'chosen'))
    await page.evaluate(
      (bytes) => {
        const dataTransfer = new DataTransfer()
        dataTransfer.items.add(new File([new Uint8Array(bytes)], 'dropped.wasm'))
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
      },
      [...(await guest('trouble'))],
    )
    await start()
    await page.waitForFunction(() => glia.procs().some(({ name }) => name === 'dropped'))
    for (const name of ['chosen', 'dropped']) {
      const replies = await page.evaluate(async (wanted) => {
        const pid = glia.procs().find((proc) => proc.name === wanted)?.pid
        const count = async (): Promise<string> =>
          (await fetch(`/ww/0.1.0/self/${pid}/count`, { method: 'POST' })).text()
        const trapped = (await fetch(`/ww/0.1.0/self/${pid}/trap`, { method: 'POST' })).status
        return [trapped, await count(), await count()]
      }, name)
      expect(replies).toEqual([500, '1', '2'])
    }
  } finally {
    await rm(folder, { recursive: true })
    await page.close()
  }
})

test('in Firefox two tabs are two peers that call each other', async ({ firefox, server }) => {
  const here = await openTab(firefox, server.url)
  const there = await openTab(firefox, server.url)
  const peerId = await there.evaluate(() => glia.peerId)
  expect(peerId).not.toBe(await here.evaluate(() => glia.peerId))
  const pid = await there.evaluate((bytes) => glia.spawn(new Uint8Array(bytes)), [...(await guest('trouble'))])
  const address = `/ww/0.1.0/${peerId}/${pid}/count`
  expect(await here.evaluate(async (path) => (await fetch(path, { method: 'POST' })).text(), address)).toBe('1')
  const called = await here.evaluate(async (to) => new TextDecoder().decode(await glia.call(to)), address)
  expect(called).toBe('2')
  await Promise.all([here.close(), there.close()])
})

test('in Firefox an end has its reason: a trap with its functions, memory at its cap, an exit, a deadline', async ({
  firefox,
  server,
}) => {
  const page = await openTab(firefox, server.url)
  const exitsOf = (pid: string) =>
    page.evaluate((wanted) => glia.procs().find((proc) => proc.pid === wanted)?.exits, pid)
  const greedy = await spawn(page, 'greedy', { policy: { maxMemoryBytes: 64 * 65_536 } })
  expect(await call(page, greedy, 'trap')).toMatchObject({ code: 'ERR_TRAPPED' })
  expect(await call(page, greedy, 'fill')).toMatchObject({ code: 'ERR_OUT_OF_MEMORY' })
  expect(await call(page, greedy, 'leave')).toMatchObject({ code: 'ERR_EXITED' })
  const frames = [expect.stringMatching(/^in greedy\/\S+ at 0x/)]
  expect(await exitsOf(greedy)).toMatchObject([
    { method: 'trap', reason: { type: 'trapped', frames } },
    { method: 'fill', reason: { type: 'memory', frames } },
    { method: 'leave', reason: { type: 'exited', code: 2 } },
  ])
  const trouble = await spawn(page, 'trouble', { policy: { deadlineMs: 500 } })
  expect(await call(page, trouble, 'spin')).toMatchObject({ code: 'ERR_DEADLINE' })
  expect(await call(page, trouble, 'count')).toEqual({ text: '1' })
  expect(await exitsOf(trouble)).toMatchObject([{ method: 'spin', reason: { type: 'deadline' } }])
  await page.close()
})

test('in Firefox an actor calls others by opening files', async ({ firefox, server }) => {
  const page = await openTab(firefox, server.url)
  const [ask, diary] = [await spawn(page, 'ask', { policy: { call: true } }), await spawn(page, 'diary')]
  const path = `ww/0.1.0/self/${diary}`
  expect(await call(page, ask, 'ask', `${path}/note\na line`)).toEqual({ text: '' })
  expect(await call(page, ask, 'ask', `${path}/recall\n`)).toEqual({ text: 'a line\n' })
  // ENOENT
  expect(await call(page, ask, 'ask', `${path}/forget\n`)).toEqual({ text: 'errno 44' })
  await page.close()
})
