import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from '@playwright/test'
import { CHROMIUM_FLAGS, findChromium } from '../browser.ts'
import buildApp from '../build.ts'
import { ROOT, startServer } from '../server.ts'
import { installTools, openTab } from '../tab.ts'

/** Largest picture, in bytes. */
const MOST_BYTES = 150_000

const WIDE: BrowserContextOptions = { viewport: { width: 1280, height: 800 } }
const NARROW: BrowserContextOptions = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2 }

/** The others in the mesh, by the names that they announce. */
const OTHERS = ['Ada', 'Grace']

/** Bundled actors that each page starts, and the messages that they get. */
const ACTORS = [
  { name: 'counter', method: 'increment', messages: ['1', '2', '3'] },
  { name: 'upper', method: 'upper', messages: ['a message is a stream of bytes'] },
  { name: 'wc', method: '_start', messages: ['three words here\n'] },
] as const

/**
 * Makes the pictures of README.md and of the manifest from real peers and actors. The ids of peers and the times differ
 * from run to run.
 */
export async function main(): Promise<boolean> {
  buildApp()
  const server = await startServer()
  const browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_FLAGS })
  try {
    await Promise.all(OTHERS.map((name) => open(browser, server.url, name, WIDE)))
    const wide = await open(browser, server.url, 'Edsger', WIDE)
    await meetOthers(wide)
    await showCall(wide)
    const sizes = [
      await picture(wide, 'src/ui/screenshot.png', '#/processes'),
      await picture(wide, 'public/screenshots/processes-wide.png', '#/processes'),
      await picture(wide, 'public/screenshots/calls-wide.png', '#/calls'),
    ]
    await wide.emulateMedia({ colorScheme: 'dark' })
    sizes.push(await picture(wide, 'src/ui/screenshot-dark.png', '#/processes'))
    const narrow = await open(browser, server.url, 'Barbara', NARROW)
    await meetOthers(narrow)
    sizes.push(
      await picture(narrow, 'public/screenshots/processes-narrow.png', '#/processes'),
      await picture(narrow, 'public/screenshots/peers-narrow.png', '#/peers'),
    )
    return sizes.every((bytes) => bytes <= MOST_BYTES)
  } finally {
    await browser.close()
    await server.stop()
  }
}

/** Opens a browser of its own for a person, with a few processes that were called. */
async function open(browser: Browser, url: string, name: string, options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext({ ...options, reducedMotion: 'reduce', colorScheme: 'light', locale: 'en' })
  await context.addInitScript(installTools)
  const page = await openTab(await context.newPage(), url)
  await go(page, '#/settings')
  const form = page.locator('.name-form').first()
  await form.getByRole('textbox').fill(name)
  await form.getByRole('button', { name: 'Set name' }).click()
  await form.getByText('The name is kept.').waitFor()
  await page.evaluate(async (actors) => {
    for (const { name: actor, method, messages } of actors) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other: the list is in the order of their age
      const module = new Uint8Array(await (await fetch(`actors/${actor}.wasm`)).arrayBuffer())
      // oxlint-disable-next-line no-await-in-loop
      const pid = await glia.spawn(module, { name: actor })
      // oxlint-disable-next-line no-await-in-loop
      for (const message of messages) await glia.call(`/ww/0.1.0/self/${pid}/${method}`, message)
    }
  }, ACTORS)
  return page
}

/** Waits until the page shows the names of the others. */
async function meetOthers(page: Page): Promise<void> {
  await go(page, '#/peers')
  await Promise.all(OTHERS.map((name) => page.getByText(name).first().waitFor()))
}

/** Calls an actor with the console. */
async function showCall(page: Page): Promise<void> {
  await go(page, '#/processes')
  await page.getByRole('table', { name: 'Processes' }).getByRole('row').filter({ hasText: 'upper' }).click()
  await page.getByRole('textbox', { name: 'Message' }).fill('hello from the mesh')
  await page.getByRole('button', { name: 'Call', exact: true }).click()
  await page.getByText('HELLO FROM THE MESH').first().waitFor()
}

/** Shows a view. The page stays: a navigation would end its calls. */
async function go(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => void (location.hash = to), hash)
}

/** @returns the size of the picture, in bytes. */
async function picture(page: Page, path: string, hash: string): Promise<number> {
  await go(page, hash)
  await page.locator('main .view').waitFor()
  await page.mouse.move(0, 0)
  const bytes = await page.screenshot({ animations: 'disabled', caret: 'hide' })
  await writeFile(join(ROOT, path), bytes)
  process.stdout.write(`${path}: ${bytes.length} bytes\n`)
  return bytes.length
}
