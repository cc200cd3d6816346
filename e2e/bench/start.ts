import type { Browser } from '@playwright/test'
import { joined } from './joined.ts'
import { measure, type Row } from './measure.ts'

/** The first call of a page that was just opened, to a process of another peer. */
export async function coldCalls(browser: Browser, url: string): Promise<Row[]> {
  const callee = await browser.newContext()
  const page = await joined(callee.newPage(), url)
  const address = await page.evaluate(
    () => `/ww/0.1.0/${globalThis.glia.peerId}/${globalThis.glia.procs()[0]?.pid}/echo`,
  )
  const row = await measure({
    what: 'first call to another peer, after ready',
    unit: 'ms',
    glia: () => firstCall(browser, url, address),
    baseline: () => firstCall(browser, url, '/ww/0.1.0/self/root/echo'),
    against: 'the first call to the page itself',
  })
  await callee.close()
  return [row]
}

/** Time from `ready` to the reply, in ms, in a browser that has never been here. */
async function firstCall(browser: Browser, url: string, address: string): Promise<number> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(url)
  const ms = await page.evaluate(async (to) => {
    await globalThis.glia.ready
    const began = performance.now()
    await globalThis.glia.call(to, new Uint8Array(32))
    return performance.now() - began
  }, address)
  await context.close()
  return ms
}
