// The main paths in WebKit, as WebKitGTK has it: through W3C WebDriver. Its two tiers are rings, and buffered as the browser comes.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import { bad } from './guests/bad.ts'
import { type GuestName, guest } from './guests/guests.ts'
import { body as codeOf, exportFunc, funcType, wasm } from './guests/wasm.ts'
import { joined, visit } from './mesh.ts'
import { startServer, test as base } from './server.ts'
import { addressOf, installTools, local, type Outcome, spawn as spawnInChromium } from './tab.ts'
import type { Tab } from './webdriver.ts'
import { hasWebKit, startWebKit, type WebKit } from './webkit.ts'

type SpawnOptions = Parameters<typeof glia.spawn>[1]

type Tier = 'rings' | 'buffered'

const test = base.extend<{ tier: Tier; webkit: WebKit; tab: Tab }, { webkitOf: (tier: Tier) => Promise<WebKit> }>({
  webkitOf: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures a fixture needs from this pattern
    async ({}, use) => {
      const running = new Map<Tier, Promise<WebKit>>()
      await use((tier) => {
        const webkit = running.get(tier) ?? startWebKit(tier === 'rings')
        running.set(tier, webkit)
        return webkit
      })
      await Promise.all([...running.values()].map(async (webkit) => (await webkit).stop()))
    },
    { scope: 'worker' },
  ],
  tier: ['rings', { option: true }],
  webkit: async ({ webkitOf, tier }, use) => use(await webkitOf(tier)),
  tab: async ({ webkit, server }, use) => {
    const tab = await openTab(webkit, server.url)
    await use(tab)
    await tab.close()
  },
})

test.skip(!hasWebKit, 'WebKit is not installed: install webkit2gtk-driver and xvfb')
test.describe.configure({ mode: 'default' })

async function openTab({ driver }: WebKit, url: string): Promise<Tab> {
  const tab = await driver.newTab()
  await tab.goto(url)
  await ready(tab)
  return tab
}

async function ready(tab: Tab): Promise<void> {
  await expect.poll(() => tab.evaluate(() => globalThis.glia !== undefined)).toBe(true)
  await tab.evaluate(installTools)
  await tab.evaluate(() => glia.served)
}

/** Makes a process. @returns its PID. */
async function spawn(tab: Tab, module: Uint8Array | GuestName, options: SpawnOptions = {}): Promise<string> {
  const bytes = typeof module === 'string' ? await guest(module) : module
  const given = JSON.stringify(options)
  return tab.evaluate((code, text) => glia.spawn(new Uint8Array(code), JSON.parse(text)), [...bytes], given)
}

function call(tab: Tab, address: string, message = ''): Promise<Outcome> {
  return tab.evaluate((to, body) => tools.outcome(glia.call(to, body)), address, message)
}

/** A call over the HTTP API, from the page's script. @returns status and reply. */
function post(tab: Tab, path: string, message = ''): Promise<[number, string]> {
  return tab.evaluate(
    async (url, body): Promise<[number, string]> => {
      const response = await fetch(url, { method: 'POST', body })
      return [response.status, await response.text()]
    },
    path,
    message,
  )
}

function reasonsOf(tab: Tab, pid: string): Promise<unknown> {
  return tab.evaluate(
    (wanted) =>
      glia
        .procs()
        .find((proc) => proc.pid === wanted)
        ?.exits.map(({ reason }) => reason),
    pid,
  )
}

for (const tier of ['rings', 'buffered'] as const) {
  test.describe(`in WebKit, ${tier}:`, () => {
    test.use({ tier })

    test('the tab is an isolated peer with the HTTP API', async ({ tab }) => {
      expect(await tab.evaluate(() => document.querySelector('header')?.textContent)).toContain(tier)
      expect(await tab.evaluate(() => crossOriginIsolated)).toBe(true)
      const status = await tab.evaluate(async () => (await fetch('/status')).text())
      expect(status).toContain(await tab.evaluate(() => glia.peerId ?? ''))
      expect(await tab.evaluate(async () => (await fetch('/ww/0.1.0/self/root/echo')).status)).toBe(405)
    })

    test('messages of 0 B, 64 KiB and 1 MiB come back over HTTP as they were sent', async ({ tab }) => {
      for (const size of [0, 64 * 1024, 1024 * 1024]) {
        const same = await tab.evaluate(async (length) => {
          const response = await fetch('/ww/0.1.0/self/root/echo', { method: 'POST', body: tools.pattern(length) })
          const reply = new Uint8Array(await response.arrayBuffer())
          return reply.length === length && tools.isPattern(reply)
        }, size)
        expect(same, `${size} bytes`).toBe(true)
      }
      expect(await tab.evaluate(() => tools.echo('/ww/0.1.0/self/root/echo', 2 ** 21))).toBe(2 ** 21)
    })

    test('a chosen and a dropped file become processes that are called over HTTP', async ({ tab }) => {
      const folder = await mkdtemp(join(tmpdir(), 'glia-'))
      const module = await guest('trouble')
      const named = (name: string): Promise<string> =>
        tab.evaluate((wanted) => glia.procs().find((proc) => proc.name === wanted)?.pid ?? '', name)
      const start = async (name: string): Promise<void> => {
        // In one step: the sheet is rendered anew while it learns about the module.
        const press = (): Promise<boolean> =>
          tab.evaluate(() => {
            const button = document.querySelector<HTMLElement>('dialog[open] button[type="submit"]')
            button?.click()
            return button !== null
          })
        await expect.poll(press).toBe(true)
        await expect.poll(() => named(name)).not.toBe('')
        // The sheet goes when the process is kept: the next one must not press its button.
        await expect.poll(() => tab.evaluate(() => document.querySelector('dialog[open]') === null)).toBe(true)
      }
      try {
        await writeFile(join(folder, 'chosen.wasm'), module)
        await tab.type('input[aria-label="Add a .wasm actor"]', join(folder, 'chosen.wasm'))
        await start('chosen')
        await tab.evaluate(
          (bytes) => {
            const dataTransfer = new DataTransfer()
            dataTransfer.items.add(new File([new Uint8Array(bytes)], 'dropped.wasm'))
            document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
          },
          [...module],
        )
        await start('dropped')
      } finally {
        await rm(folder, { recursive: true })
      }
      for (const name of ['chosen', 'dropped']) {
        const pid = await named(name)
        expect((await post(tab, local(pid, 'trap')))[0]).toBe(500)
        expect(await post(tab, local(pid, 'count'))).toEqual([200, '1'])
        expect(await post(tab, local(pid, 'count'))).toEqual([200, '2'])
      }
    })

    test('two tabs are two peers that call each other', async ({ tab, webkit, server }) => {
      const there = await openTab(webkit, server.url)
      const [here, peerId] = [await tab.evaluate(() => glia.peerId), await there.evaluate(() => glia.peerId)]
      expect(peerId).not.toBe(here)
      const address = `/ww/0.1.0/${peerId}/${await spawn(there, 'trouble')}/count`
      expect(await post(tab, address)).toEqual([200, '1'])
      expect(await call(tab, address)).toEqual({ text: '2' })
      await there.close()
    })

    test('a tab of Chromium calls it over the relay, is called by it, and so is the gateway', async ({
      tab,
      server,
      browser,
    }) => {
      const chromium = await visit(browser, server.url)
      await Promise.all([joined(chromium), expect.poll(() => tab.evaluate(() => glia.joinLink())).toContain('#join=')])
      const peerId = await tab.evaluate(() => glia.peerId)
      const here = `/ww/0.1.0/${peerId}/${await spawn(tab, 'trouble')}/count`
      const there = await addressOf(chromium, 'count', await spawnInChromium(chromium, 'trouble'))
      expect(await chromium.evaluate((to) => tools.outcome(glia.call(to)), here)).toEqual({ text: '1' })
      expect(await call(tab, there)).toEqual({ text: '1' })
      const overGateway = await fetch(new URL(here, server.url), { method: 'POST' })
      expect([overGateway.status, await overGateway.text()]).toEqual([200, '2'])
      const gateway = (await (await fetch(new URL('/status', server.url))).text()).trim()
      expect(await call(tab, `/${gateway}/echo`, 'hello')).toEqual({ text: 'hello' })
      await chromium.context().close()
    })

    test('a call that was saved in Chromium is replayed with the same bytes, and the other way round', async ({
      tab,
      page,
      server,
    }) => {
      await page.goto(server.url)
      await page.evaluate(() => glia.ready)
      const module = [...(await guest('chance'))]
      const record = async (bytes: number[]): Promise<{ reply: number[]; file: number[] }> => {
        const pid = await glia.spawn(new Uint8Array(bytes))
        await glia.record(pid)
        const reply = await glia.call(`/ww/0.1.0/self/${pid}/luck`)
        const file = await glia.saveCall((await glia.recordings()).at(-1)?.id ?? '', { module: true })
        return { reply: [...reply], file: [...new Uint8Array(await file.arrayBuffer())] }
      }
      const replay = async (bytes: number[]): Promise<unknown> => {
        const { difference, reply } = await glia.replay(new Blob([new Uint8Array(bytes)]))
        return difference ?? [...reply]
      }
      const ofChromium = await page.evaluate(record, module)
      const ofWebKit = await tab.evaluate(record, module)
      expect(await tab.evaluate(replay, ofChromium.file)).toEqual(ofChromium.reply)
      expect(await page.evaluate(replay, ofWebKit.file)).toEqual(ofWebKit.reply)
    })

    test('every end has its code and its reason, and a trap the name of its function', async ({ tab }) => {
      const greedy = await spawn(tab, 'greedy', { policy: { maxMemoryBytes: 2 ** 22 } })
      expect(await call(tab, local(greedy, 'trap'))).toEqual({
        code: 'ERR_TRAPPED',
        message: 'trap trapped: Unreachable code should not be executed.',
      })
      expect(await call(tab, local(greedy, 'fill'))).toMatchObject({ code: 'ERR_OUT_OF_MEMORY' })
      expect(await call(tab, local(greedy, 'leave'))).toMatchObject({ code: 'ERR_EXITED' })
      expect(await call(tab, local(greedy, 'pages'))).toEqual({ text: '64' })
      expect(await reasonsOf(tab, greedy)).toMatchObject([
        { type: 'trapped', frames: [expect.stringMatching(/^in greedy\/trap \(function \d+\)$/)] },
        { type: 'memory', frames: [expect.stringMatching(/^in greedy\/fill \(function \d+\)$/)] },
        { type: 'exited', code: 2 },
      ])
      const CALL_ITSELF = [0x10, 0]
      const endless = wasm({
        types: [funcType([], [])],
        funcs: [{ type: 0, body: codeOf(...CALL_ITSELF) }],
        exports: [exportFunc('recurse', 0)],
      })
      const recursive = await spawn(tab, endless)
      expect(await call(tab, local(recursive, 'recurse'))).toEqual({
        code: 'ERR_TRAPPED',
        message: 'recurse trapped: Maximum call stack size exceeded.',
      })
      const brief = await spawn(tab, 'trouble', { policy: { deadlineMs: 500 } })
      expect(await call(tab, local(brief, 'spin'))).toMatchObject({ code: 'ERR_DEADLINE' })
      await expect.poll(() => reasonsOf(tab, brief)).toMatchObject([{ type: 'deadline' }])
    })

    test('processes call each other by opening files', async ({ tab }) => {
      const ask = await spawn(tab, 'ask', { policy: { call: true } })
      const trouble = await spawn(tab, 'trouble')
      const echoed = await call(tab, local(ask, 'ask'), 'ww/0.1.0/self/root/echo\nhello')
      // A guest that cannot wait cannot call.
      if (tier === 'buffered') return expect(echoed).toEqual({ text: 'errno 58' })
      expect(echoed).toEqual({ text: 'hello' })
      expect(await call(tab, local(ask, 'ask'), `ww/0.1.0/self/${ask}/ask\nhello`)).toEqual({ text: 'errno 16' })
      expect(await call(tab, local(ask, 'ask'), `ww/0.1.0/self/${trouble}/trap\n`)).toEqual({ text: 'errno 29' })
    })

    test('processes and their files outlive a reload, also without the server', async ({ webkit }) => {
      const server = await startServer()
      const tab = await openTab(webkit, server.url)
      try {
        const pid = await spawn(tab, 'ask')
        await tab.evaluate((to) => glia.importFiles(to, { 'lib/note': '-----, world' }), pid)
        expect(await call(tab, local(pid, 'ask'), 'data/lib/note\nhello')).toEqual({ text: ', world' })
        const refused = await tab.evaluate(
          (to, bytes) => tools.outcome(glia.swap(to, new Uint8Array(bytes)).then(() => 'swapped')),
          pid,
          [...bad.initializeTraps.bytes],
        )
        expect(refused).toMatchObject({ code: 'ERR_START' })
        for (const isOffline of [false, true]) {
          if (isOffline) await server.stop()
          await tab.reload()
          await ready(tab)
          expect(await call(tab, local(pid, 'ask'), 'data/lib/note')).toEqual({ text: 'hello, world' })
          expect(await post(tab, '/ww/0.1.0/self/root/echo', 'hello')).toEqual([200, 'hello'])
        }
        const archive = await tab.evaluate(async (from) => (await glia.exportFiles(from)).text(), pid)
        expect(archive).toMatch(/^lib\/\0.*\0lib\/note\0.*\0hello, world\0/s)
      } finally {
        await tab.close()
        await server.stop()
      }
    })
  })
}
