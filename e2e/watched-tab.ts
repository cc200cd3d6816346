import { chromium, type Page } from '@playwright/test'
import { CHROMIUM_FLAGS, findChromium } from './browser.ts'
import buildApp from './build.ts'
import { installCensus } from './census.ts'
import { startServer } from './server.ts'
import { installTools, openTab } from './tab.ts'

/** A tab that is put under load, and what must not happen to it. */
export interface WatchedTab {
  readonly page: Page
  /** Errors and rejections that nobody has caught, what was written to the console as an error, a crash: all as sentences. */
  readonly troubles: readonly string[]
  /** Rejects when the tab has crashed: then nothing that waits for it settles. */
  readonly crashed: Promise<never>
}

/** Opens the app in a new page and watches it from its first script on. */
export async function watchTab(page: Page, url: string): Promise<WatchedTab> {
  const troubles: string[] = []
  page.on('pageerror', (error) => troubles.push(`Nobody caught ${error.stack ?? String(error)}`))
  page.on('console', (line) => {
    if (line.type() === 'error') troubles.push(`The console says: ${line.text()}`)
  })
  const crashed = new Promise<never>((_, reject) => {
    page.on('crash', () => {
      troubles.push('The tab crashed.')
      reject(new Error('The tab crashed.'))
    })
  })
  crashed.catch(() => undefined)
  await page.addInitScript(installCensus)
  await page.addInitScript(installTools)
  await openTab(page, url)
  return { page, troubles, crashed }
}

/** Builds the app if it has to be, starts server and browser, and ends them when the work is done. */
export async function withWatchedTab<T>(work: (tab: WatchedTab) => Promise<T>): Promise<T> {
  buildApp()
  const server = await startServer()
  const browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_FLAGS })
  try {
    return await work(await watchTab(await browser.newPage(), server.url))
  } finally {
    await browser.close()
    await server.stop()
  }
}
