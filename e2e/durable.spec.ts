import { type ChildProcess, spawn as spawnChild } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, expect, type Page } from '@playwright/test'
import { CHROMIUM_FLAGS, findChromium } from './browser.ts'
import { call, installTools, local, openTab, spawn, test } from './tab.ts'

interface OwnBrowser {
  page: Page
  /** Ends all of its processes at once, like a power cut. */
  kill(): Promise<void>
}

/** A browser whose profile outlives it. */
async function start(profile: string): Promise<OwnBrowser> {
  const flags = [...CHROMIUM_FLAGS, '--headless=new', '--remote-debugging-port=0', `--user-data-dir=${profile}`]
  // A process group of its own, so that its helpers end with it.
  const command = spawnChild(findChromium(), [...flags, 'about:blank'], { detached: true })
  const browser = await chromium.connectOverCDP(await devtoolsAddress(command))
  const context = browser.contexts()[0] ?? (await browser.newContext())
  await context.addInitScript(installTools)
  return {
    page: await context.newPage(),
    kill: async () => {
      if (command.pid === undefined || command.exitCode !== null || command.signalCode !== null) return
      process.kill(-command.pid, 'SIGKILL')
      await once(command, 'close')
    },
  }
}

function devtoolsAddress(command: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    command.stderr?.on('data', (chunk) => {
      said += String(chunk)
      const address = /DevTools listening on (ws:\S+)/.exec(said)?.[1]
      if (address !== undefined) resolve(address)
    })
    command.once('exit', () => reject(new Error(`Chromium ended: ${said}`)))
  })
}

/**
 * Makes a process write entries until the browser is gone. Resolves when fifty were acknowledged. @returns its PID, and
 * how many there are by now.
 */
async function fill(page: Page, method: string): Promise<{ pid: string; acknowledged: () => number }> {
  const pid = await spawn(page, 'ledger', { policy: { sync: 'durable' } })
  let last = 0
  let resolve = (): void => undefined
  const enough = new Promise<void>((done) => (resolve = done))
  await page.exposeFunction(method, (entry: number) => {
    last = entry
    if (entry >= 50) resolve()
  })
  // It ends with the browser.
  void page
    .evaluate(
      async ([address, tell]) => {
        const stream = await glia.open(address)
        await stream.closeWrite()
        const decoder = new TextDecoder()
        for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) {
          const entries = decoder.decode(chunk).trimEnd().split('\n')
          await (globalThis as unknown as Record<string, (entry: number) => Promise<void>>)[tell]?.(
            Number(entries.at(-1)),
          )
        }
      },
      [local(pid, method), method] as const,
    )
    .catch(() => undefined)
  await enough
  return { pid, acknowledged: () => last }
}

for (const io of ['rings', 'JSPI']) {
  test(`on ${io}, what fsync and O_DSYNC acknowledged is there after the browser was killed`, async ({ server }) => {
    const profile = mkdtempSync(join(tmpdir(), 'glia-profile-'))
    const url = `${server.url}?io=${io}`
    let browser = await start(profile)
    try {
      const { page } = browser
      await openTab(page, url)
      const ledgers = await Promise.all(['fill', 'fill_dsync'].map((method) => fill(page, method)))
      await browser.kill()
      browser = await start(profile)
      await openTab(browser.page, url)
      for (const { pid, acknowledged } of ledgers) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const { text } = await call(browser.page, local(pid, 'count'))
        expect(Number(text)).toBeGreaterThanOrEqual(acknowledged())
      }
    } finally {
      await browser.kill()
      rmSync(profile, { recursive: true, force: true })
    }
  })
}

test('where a guest cannot wait, fsync and O_DSYNC say so instead of promising', async ({ page, server }) => {
  await openTab(page, `${server.url}?io=buffered`)
  const NOTSUP = '58'
  const durable = await spawn(page, 'ledger', { policy: { sync: 'durable' } })
  expect(await call(page, local(durable, 'once'))).toEqual({ text: NOTSUP })
  expect(await call(page, local(durable, 'try_dsync'))).toEqual({ text: NOTSUP })
  const relaxed = await spawn(page, 'ledger')
  expect(await call(page, local(relaxed, 'once'))).toEqual({ text: '0' })
  expect(await call(page, local(relaxed, 'try_dsync'))).toEqual({ text: '0' })
})
