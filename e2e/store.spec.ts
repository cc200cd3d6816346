import { join } from 'node:path'
import { expect } from '@playwright/test'
import { build, type Rolldown } from 'vite'
import { ROOT, test } from './server.ts'

/** The page, as files by their names: it starts a thread too. */
async function bundle(): Promise<ReadonlyMap<string, string>> {
  const output = await build({
    configFile: false,
    root: ROOT,
    base: './',
    logLevel: 'warn',
    publicDir: false,
    resolve: { alias: { vitest: join(ROOT, 'e2e/store/vitest-in-page.ts') } },
    worker: { format: 'es' },
    build: {
      write: false,
      modulePreload: false,
      rolldownOptions: { input: join(ROOT, 'e2e/store/page.ts'), output: { entryFileNames: 'page.js' } },
    },
  })
  const files = (output as Rolldown.RolldownOutput).output
  return new Map(files.map((file) => [file.fileName, file.type === 'chunk' ? file.code : String(file.source)]))
}

test('the database of the browser keeps processes as the one of a host does', async ({ page, server }) => {
  const files = await bundle()
  await page.route('**/store-suite/**', async (route) => {
    const name = new URL(route.request().url()).pathname.split('/store-suite/')[1] ?? ''
    const body = files.get(name)
    if (body === undefined) await route.fulfill({ contentType: 'text/html', body: '<!doctype html>' })
    else await route.fulfill({ contentType: 'text/javascript', body })
  })
  await page.goto(`${server.url}store-suite/`)
  await page.addScriptTag({ url: 'page.js', type: 'module' })
  await page.waitForFunction(() => globalThis.storeSuite !== undefined)
  const names = await page.evaluate(() => storeSuite.names)
  expect(names.length).toBeGreaterThan(20)
  for (const [i, name] of names.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await test.step(name, async () => {
      const { checks, thrown } = await page.evaluate((index) => storeSuite.run(index), i)
      expect.soft(thrown, name).toBe(undefined)
      expect.soft(checks.length, name).toBeGreaterThan(0)
      for (const { matcher, actual, wanted } of checks) {
        if (matcher === 'toHaveLength') expect.soft(actual, name).toHaveLength(Number(wanted))
        else if (matcher === 'toMatch') expect.soft(actual, name).toMatch(wanted as RegExp)
        else if (matcher === 'toMatchObject') expect.soft(actual, name).toMatchObject(wanted as unknown[])
        else expect.soft(actual, name)[matcher](wanted)
      }
    })
  }
})
