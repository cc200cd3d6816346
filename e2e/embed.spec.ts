import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import { type InstalledPackage, installPackage, packageSite } from './package.ts'
import { ROOT, startServer } from './server.ts'
import { test } from './tab.ts'

let installed: InstalledPackage

test.beforeAll(async () => {
  installed = await installPackage()
})
test.afterAll(() => installed.remove())

test('a page of another origin runs a peer by the package alone: tabs and the gateway call it, and it calls them', async ({
  browser,
}) => {
  const file = (name: string): Promise<string> => readFile(join(ROOT, 'src/examples/embed', name), 'utf8')
  const site = await packageSite(installed, {
    '/embed/': await file('index.html'),
    '/embed/embed.js': await file('embed.js'),
  })
  const origin = new URL(site.url).origin
  const server = await startServer('--allow-origin', origin)
  // Two browsers, which share nothing.
  const [here, there] = [await browser.newContext(), await browser.newContext()]
  try {
    const [embed, tab] = [await here.newPage(), await there.newPage()]
    await Promise.all([embed.goto(`${site.url}embed/?server=${server.url}`), tab.goto(server.url)])
    await expect(embed.locator('#address')).toHaveText(/^\/ww\/0\.1\.0\/12D3Koo\w+\/\w+\/increment$/)
    const address = (await embed.locator('#address').textContent()) ?? ''

    const throughGateway = async (): Promise<string> =>
      (await fetch(new URL(address, server.url), { method: 'POST' })).text()
    await expect.poll(throughGateway).toMatch(/^1\n?$/)
    const byTab = await tab.evaluate(async (target) => {
      await glia.ready
      return new TextDecoder().decode(await glia.call(target))
    }, address)
    expect(byTab.trim()).toBe('2')

    const back = await tab.evaluate(() => `/ww/0.1.0/${glia.peerId}/root/echo`)
    await expect
      .poll(() => tab.evaluate(() => glia.peers().some(({ relay }) => relay)), { message: 'the tab has a relay' })
      .toBe(true)
    await embed.fill('[name=address]', back)
    await embed.fill('[name=message]', 'from another origin')
    await embed.click('button')
    await expect(embed.locator('output')).toHaveText('from another origin')

    // It is the same peer, with the same process, when the page comes again.
    await embed.reload()
    await expect(embed.locator('#address')).toHaveText(address)
  } finally {
    await Promise.all([here.close(), there.close()])
    await server.stop()
    site.stop()
  }
})

test('a stopped peer ends its calls, and lets the next one of the same page be the same peer', async ({ page }) => {
  const site = await packageSite(installed)
  try {
    await page.goto(site.url)
    const result = await page.evaluate(async () => {
      const name = 'glia'
      const { createPeer } = (await import(/* @vite-ignore */ name)) as typeof import('../src/package/index.ts')
      const first = createPeer({ storage: 'twice' })
      await first.ready
      const [root] = first.procs()
      await first.call('/ww/0.1.0/self/root/echo', 'x')
      await first.stop()
      const code = await first.call('/ww/0.1.0/self/root/echo').catch((thrown: { code: string }) => thrown.code)
      const second = createPeer({ storage: 'twice' })
      await second.ready
      const reply = new TextDecoder().decode(await second.call('/ww/0.1.0/self/root/echo', 'again'))
      const isSame = second.peerId === first.peerId && second.procs()[0]?.pid === root?.pid
      const other = createPeer({ storage: 'another' })
      await other.ready
      return { code, reply, isSame, isOther: other.peerId !== second.peerId }
    })
    expect(result).toEqual({ code: 'ERR_ABORTED', reply: 'again', isSame: true, isOther: true })
  } finally {
    site.stop()
  }
})
