import type { Page } from '@playwright/test'

/** Opens Glia in a page. Resolves when it has joined its relay. */
export async function joined(opening: Promise<Page> | undefined, url: string): Promise<Page> {
  const page = await opening
  if (!page) throw new Error('no page')
  await page.goto(url)
  await page.evaluate(() => globalThis.glia.served)
  await page.waitForFunction(() => {
    try {
      return globalThis.glia.joinLink()
    } catch {
      return false
    }
  })
  return page
}
