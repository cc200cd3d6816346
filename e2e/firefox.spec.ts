// The main paths in Firefox, through WebDriver BiDi. Playwright cannot drive an installed Firefox.
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import puppeteer, { type Browser, type ElementHandle, type Page } from 'puppeteer-core'
import { bad, good } from './guests/bad.ts'
import { enlarge } from './guests/enlarge.ts'
import { guest } from './guests/guests.ts'
import { body as codeOf, exportFunc, funcType, wasm } from './guests/wasm.ts'
import { test as base } from './server.ts'
import { installTools, local, type Outcome } from './tab.ts'

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
  await page.evaluate(() => glia.served)
}

type SpawnOptions = Parameters<typeof glia.spawn>[1]

/** Makes a process. @returns its PID. */
function spawn(page: Page, bytes: Uint8Array, options: SpawnOptions = {}): Promise<string> {
  return page.evaluate((module, given) => glia.spawn(new Uint8Array(module), given), [...bytes], options)
}

function call(page: Page, address: string, message = ''): Promise<Outcome> {
  return page.evaluate((to, body) => tools.outcome(glia.call(to, body)), address, message)
}

/** Why the instances of a process ended. */
function reasonsOf(page: Page, pid: string): Promise<unknown> {
  return page.evaluate(
    (wanted) =>
      glia
        .procs()
        .find((proc) => proc.pid === wanted)
        ?.exits.map(({ reason }) => reason),
    pid,
  )
}

/** Makes a process run another module. */
function swap(page: Page, pid: string, bytes: Uint8Array): Promise<Outcome> {
  return page.evaluate(
    (swapped, module) => tools.outcome(glia.swap(swapped, new Uint8Array(module)).then(() => 'swapped')),
    pid,
    [...bytes],
  )
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

test('a call that was saved in Chromium replays with the same bytes in Firefox, and the other way round', async ({
  firefox,
  page: inChromium,
  server,
}) => {
  const inFirefox = await openTab(firefox, server.url)
  await inChromium.goto(server.url)
  await inChromium.evaluate(() => glia.ready)
  const module = [...(await guest('chance'))]
  const record = async (bytes: number[]): Promise<{ reply: number[]; file: number[] }> => {
    const pid = await glia.spawn(new Uint8Array(bytes))
    await glia.record(pid)
    const reply = await glia.call(`/ww/0.1.0/self/${pid}/luck`)
    const id = (await glia.recordings()).at(-1)?.id ?? ''
    const file = await glia.saveCall(id, { module: true })
    return { reply: [...reply], file: [...new Uint8Array(await file.arrayBuffer())] }
  }
  const replay = async (bytes: number[]): Promise<unknown> => {
    const { difference, reply } = await glia.replay(new Blob([new Uint8Array(bytes)]))
    return difference ?? [...reply]
  }
  const ofChromium = await inChromium.evaluate(record, module)
  const ofFirefox = await inFirefox.evaluate(record, module)
  expect(await inFirefox.evaluate(replay, ofChromium.file)).toEqual(ofChromium.reply)
  expect(await inChromium.evaluate(replay, ofFirefox.file)).toEqual(ofFirefox.reply)
  await inFirefox.close()
})

test('in Firefox a process goes on after a reload with what it had in memory', async ({ firefox, server }) => {
  const page = await openTab(firefox, server.url)
  const pid = await spawn(page, await guest('keeper'), { policy: { memory: 'durable' } })
  const note = (text: string): Promise<unknown> => call(page, local(pid, 'note'), text)
  expect(await note('a')).toEqual({ text: '1 a | a' })
  await page.evaluate((of) => glia.checkpoint(of), pid)
  await page.reload()
  await ready(page)
  expect(await note('b')).toEqual({ text: '2 b a | ab' })
  await page.close()
})

test('in Firefox every end has its code and its reason, and a trap the name of its function', async ({
  firefox,
  server,
}) => {
  const page = await openTab(firefox, server.url)
  expect(await page.evaluate(() => document.querySelector('header')?.textContent)).toContain('rings')
  const greedy = await spawn(page, await guest('greedy'), { policy: { maxMemoryBytes: 2 ** 22 } })
  expect(await call(page, local(greedy, 'trap'))).toMatchObject({ code: 'ERR_TRAPPED' })
  expect(await call(page, local(greedy, 'fill'))).toMatchObject({ code: 'ERR_OUT_OF_MEMORY' })
  expect(await call(page, local(greedy, 'leave'))).toMatchObject({ code: 'ERR_EXITED' })
  expect(await call(page, local(greedy, 'pages'))).toEqual({ text: '64' })
  expect(await reasonsOf(page, greedy)).toEqual([
    { type: 'trapped', message: 'unreachable executed', frames: [expect.stringMatching(/^in greedy\/trap at 0x/)] },
    {
      type: 'memory',
      message: expect.stringContaining('unreachable executed'),
      frames: [expect.stringMatching(/^in greedy\/fill at 0x/)],
    },
    { type: 'exited', code: 2 },
  ])
  const CALL_ITSELF = [0x10, 0]
  const endless = wasm({
    types: [funcType([], [])],
    funcs: [{ type: 0, body: codeOf(...CALL_ITSELF) }],
    exports: [exportFunc('recurse', 0)],
  })
  const recursive = await spawn(page, endless)
  expect(await call(page, local(recursive, 'recurse'))).toEqual({
    code: 'ERR_TRAPPED',
    message: 'recurse trapped: too much recursion.',
  })
  const brief = await spawn(page, await guest('trouble'), { policy: { deadlineMs: 500 } })
  expect(await call(page, local(brief, 'spin'))).toMatchObject({ code: 'ERR_DEADLINE' })
  // Its call ends some time before the loop does.
  await expect.poll(() => reasonsOf(page, brief)).toMatchObject([{ type: 'deadline' }])
  const spinning = await spawn(page, await guest('trouble'))
  const killed = call(page, local(spinning, 'spin'))
  await page.waitForFunction(
    (pid) => glia.procs().some((proc) => proc.pid === pid && proc.state === 'busy'),
    {},
    spinning,
  )
  await page.evaluate((pid) => glia.kill(pid), spinning)
  expect(await killed).toMatchObject({ code: 'ERR_PROC_STOPPED' })
  await page.close()
})

test('in Firefox processes call each other by opening files, and are told of ends', async ({ firefox, server }) => {
  const page = await openTab(firefox, server.url)
  const ask = await spawn(page, await guest('ask'), { policy: { call: true } })
  const trouble = await spawn(page, await guest('trouble'))
  expect(await call(page, local(ask, 'ask'), 'ww/0.1.0/self/root/echo\nhello')).toEqual({ text: 'hello' })
  expect(await call(page, local(ask, 'ask'), `ww/0.1.0/self/${ask}/ask\nhello`)).toEqual({ text: 'errno 16' })
  const diary = await spawn(page, await guest('diary'))
  await page.evaluate((by, of) => glia.watch(by, of, 'note'), diary, trouble)
  expect(await call(page, local(ask, 'ask'), `ww/0.1.0/self/${trouble}/trap\n`)).toEqual({ text: 'errno 29' })
  await expect.poll(async () => (await call(page, local(diary, 'recall'))).text).toContain('unreachable executed')
  await page.close()
})

test('in Firefox what is under /data outlives a swap that fails and a reload, and is exported', async ({
  firefox,
  server,
}) => {
  const page = await openTab(firefox, server.url)
  const pid = await spawn(page, await guest('ask'))
  await page.evaluate((to) => glia.importFiles(to, { 'lib/note': '-----, world' }), pid)
  expect(await call(page, local(pid, 'ask'), 'data/lib/note\nhello')).toEqual({ text: ', world' })
  expect(await swap(page, pid, bad.initializeTraps.bytes)).toMatchObject({ code: 'ERR_START' })
  expect(await swap(page, pid, bad.truncated.bytes)).toMatchObject({ code: 'ERR_BAD_MODULE' })
  expect(await call(page, local(pid, 'ask'), 'data/lib/note')).toEqual({ text: 'hello, world' })
  await page.reload()
  await ready(page)
  expect(await call(page, local(pid, 'ask'), 'data/lib/note')).toEqual({ text: 'hello, world' })
  const archive = await page.evaluate(async (from) => (await glia.exportFiles(from)).text(), pid)
  expect(archive).toMatch(/^lib\/\0.*\0lib\/note\0.*\0hello, world\0/s)
  await page.close()
})

test('in Firefox a module of 20 MB comes through the sheet, and is there after a reload', async ({
  firefox,
  server,
}) => {
  const page = await openTab(firefox, server.url)
  const folder = await mkdtemp(join(tmpdir(), 'glia-'))
  try {
    const file = join(folder, 'large.wasm')
    await writeFile(file, enlarge(await guest('cmd'), 20_000_000))
    const input = (await page.waitForSelector(
      'input[aria-label="Add a .wasm actor"]',
    )) as ElementHandle<HTMLInputElement>
    await input.uploadFile(file)
    await (await page.waitForSelector('dialog[open] button[type="submit"]'))?.press('Enter')
    // The sheet closes when the process runs and is kept.
    await page.waitForFunction(() => document.querySelector('dialog[open]') === null)
    const pid = await page.evaluate(() => glia.procs().find(({ name }) => name === 'large')?.pid ?? '')
    expect(await call(page, local(pid, '_start'), 'hello')).toEqual({ text: 'large\nHELLO' })
    await page.reload()
    await ready(page)
    expect(await call(page, local(pid, '_start'), 'again')).toEqual({ text: 'large\nAGAIN' })
  } finally {
    await rm(folder, { recursive: true })
    await page.close()
  }
})

test('in Firefox 100 processes live at once, one more takes the place of one, and killed ones make room', async ({
  firefox,
  server,
}) => {
  const page = await openTab(firefox, server.url)
  const seen = await page.evaluate(
    async (bytes) => {
      const module = new Uint8Array(bytes)
      const pids = await Promise.all(Array.from({ length: 100 }, () => glia.spawn(module)))
      pids.push(await glia.spawn(module))
      const idle = glia.procs().filter(({ state }) => state === 'idle').length
      await Promise.all(pids.map((pid) => glia.kill(pid)))
      const next = await glia.spawn(module)
      return { idle, next: await tools.outcome(glia.call(`/ww/0.1.0/self/${next}/run`)) }
    },
    [...good],
  )
  expect(seen).toEqual({ idle: 100, next: { text: '' } })
  await page.close()
})
