import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { expect, test as base } from '@playwright/test'
import { ACTOR_CSP } from '../src/headers.ts'
import { type AppServer, ROOT } from './server.ts'

/** `npm run dev`, on a port of its own. */
const test = base.extend<{ dev: AppServer }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures a fixture needs from this pattern
  dev: async ({}, use) => {
    const vite = spawn(process.execPath, [join(ROOT, 'node_modules/vite/bin/vite.js'), '--port', '0'], { cwd: ROOT })
    let said = ''
    const url = await new Promise<string>((resolve, reject) => {
      vite.stdout.on('data', (chunk) => {
        said += stripVTControlCharacters(String(chunk))
        const printed = /Local:\s+(\S+)/.exec(said)?.[1]
        if (printed !== undefined) resolve(printed)
      })
      vite.stderr.on('data', (chunk) => (said += String(chunk)))
      vite.once('close', (code) => reject(new Error(`vite ended with ${code}: ${said}`)))
    })
    const stop = async (): Promise<void> => {
      vite.kill()
      await once(vite, 'close')
    }
    await use({ url, stop })
    await stop()
  },
})

// One after the other: two development servers would write the same cache of dependencies.
test.describe.configure({ mode: 'default' })

test('the development server isolates the page and gives the workers the headers of the build', async ({
  dev,
  page,
}) => {
  await page.goto(dev.url)
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)

  const actor = await page.request.get(`${dev.url}actor.js`)
  expect(actor.headers()).toMatchObject({
    'content-security-policy': ACTOR_CSP,
    'cross-origin-embedder-policy': 'require-corp',
  })
  const service = await page.request.get(`${dev.url}sw.js`)
  expect(service.headers()['content-type']).toBe('text/javascript')
  expect(await service.text()).not.toContain('__WB_MANIFEST')
})

test('a page of the development server joins the mesh of a relay that the server brings', async ({ dev, page }) => {
  // The page asks for its relay again while there is none yet.
  const relays = (): Promise<number> => page.evaluate(() => glia.peers().filter(({ relay }) => relay).length)
  await page.goto(dev.url)
  await expect.poll(relays, { timeout: 50_000 }).toBe(1)
})

test.describe('without a service worker', () => {
  // Once a service worker controls the page, the test no longer sees the page's requests and cannot change what they bring.
  test.use({ serviceWorkers: 'block' })

  test('an edit of a view shows at once, and the page keeps its state', async ({ dev, page }) => {
    await page.goto(dev.url)
    await page.getByRole('tab', { name: 'Settings' }).click()
    // The edit: what the server compiles of the changed file comes with another word.
    await page.route(/src\/ui\/tab-bar\.tsx\?t=/, async (route) => {
      const compiled = await route.fetch()
      await route.fulfill({ response: compiled, body: (await compiled.text()).replace('"Views"', '"Parts"') })
    })
    touch('src/ui/tab-bar.tsx')
    await expect(page.getByRole('tablist', { name: 'Parts' })).toBeVisible()
    await expect(page.getByRole('tab', { name: 'Settings' })).toHaveAttribute('aria-selected', 'true')
  })
})

test('a change of a worker source reloads the page', async ({ dev, page }) => {
  await page.goto(dev.url)
  // The server knows what a worker is made from once it has been asked for it.
  await page.request.get(`${dev.url}sw.js`)
  const reloaded = page.waitForEvent('load')
  touch('workers/service/main.ts')
  await reloaded
})

/** A change to the watcher. One second older leaves the build newer than its sources. */
function touch(source: string): void {
  const path = join(ROOT, source)
  const { atime, mtimeMs } = statSync(path)
  utimesSync(path, atime, mtimeMs / 1000 - 1)
}
