import { chromium, expect, type Page } from '@playwright/test'
import { CHROMIUM_FLAGS } from './browser.ts'
import { startRelay, test, visit } from './mesh.ts'
import { staticServer } from './server.ts'
import { openTab, ready, spawn } from './tab.ts'

const PHONE = { width: 360, height: 740 }
const SIZES = [PHONE, { width: 1280, height: 800 }]
/** Nobody has it. */
const NOBODY = '12D3KooWLLK7rRcL65YfTMcp4KtTgZu9Nz5n5uoTVFYTVuGaUebD'
const LONG = `/dns4/${'a-name-that-goes-on-and-on.'.repeat(6)}localhost/tcp/9/ws/p2p/${NOBODY}`

/** Elements that reach past the right edge of the screen, and are not in a box that scrolls by itself. */
function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const scrolls = (element: Element | null): boolean =>
      element !== null &&
      element !== document.documentElement &&
      element !== document.body &&
      (getComputedStyle(element).overflowX !== 'visible' || scrolls(element.parentElement))
    const wide = [...document.querySelectorAll('body *')].filter(
      (element) =>
        element.checkVisibility() &&
        element.getBoundingClientRect().right > innerWidth + 1 &&
        !scrolls(element.parentElement),
    )
    const whole =
      document.documentElement.scrollWidth > innerWidth ? [`the page: ${document.documentElement.scrollWidth} px`] : []
    return [
      ...whole,
      ...wide.map((element) => `${element.tagName} ${element.className}: ${(element.textContent ?? '').slice(0, 60)}`),
    ]
  })
}

for (const size of SIZES) {
  test(`nothing of the page moves by itself while it starts, at ${size.width} pixels`, async ({ page, server }) => {
    await page.setViewportSize(size)
    await page.addInitScript(() => {
      Object.assign(globalThis, { shifts: [] })
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries() as (PerformanceEntry & {
          value: number
          sources: { node: Element | null; previousRect: DOMRect; currentRect: DOMRect }[]
        })[]) {
          const moved = entry.sources.map(
            ({ node, previousRect, currentRect }) =>
              `${node?.nodeName} ${node?.className} from ${previousRect.x},${previousRect.y} ${previousRect.width}x${previousRect.height} to ${currentRect.x},${currentRect.y} ${currentRect.width}x${currentRect.height}`,
          )
          ;(globalThis as unknown as { shifts: unknown[] }).shifts.push({ value: entry.value, moved })
        }
      }).observe({ type: 'layout-shift', buffered: true })
    })
    const expectStill = async (limit: number): Promise<void> => {
      const shifts = await page.evaluate(() => (globalThis as unknown as { shifts: { value: number }[] }).shifts)
      const sum = shifts.reduce((total, { value }) => total + value, 0)
      expect(sum, JSON.stringify(shifts, undefined, 1)).toBeLessThan(limit)
    }
    await openTab(page, server.url)
    await expect(page.getByRole('banner').locator('[popovertarget=mesh-explained]')).toHaveText(/^On the mesh/)
    await expect(page.getByRole('button', { name: 'counter' })).toBeVisible()
    await expectStill(0.02)
    await spawn(page, 'trouble')
    await expect(page.getByRole('row', { name: /trouble/ })).toBeVisible()
    await page.reload()
    await ready(page)
    await expect(page.getByRole('banner').locator('[popovertarget=mesh-explained]')).toHaveText(/^On the mesh/)
    await expect(page.getByRole('row', { name: /trouble/ })).toBeVisible()
    // The recipe for an actor is not shown to those who have actors.
    await expectStill(0.02)
  })
}

test('no view is wider than a phone, whatever is in it', async ({ page, server }) => {
  await page.setViewportSize(PHONE)
  await page.goto(`${server.url}#join=${LONG}/p2p-circuit/p2p/${NOBODY}`)
  await ready(page)
  const consent = page.getByRole('alertdialog', { name: /^Join the mesh of/ })
  await expect(consent).toBeVisible()
  expect(await tooWide(page)).toEqual([])
  await consent.getByRole('button', { name: 'Join' }).click()
  const pid = await spawn(page, 'trouble', {
    name: 'a-name-without-any-space-that-is-longer-than-a-phone-is-wide'.slice(0, 60),
    args: [LONG],
    env: { ADDRESS: LONG },
  })
  await page.evaluate(
    async ([id, address]) => {
      await glia.importFiles(id, { [`${'folder/'.repeat(20)}${'x'.repeat(200)}.txt`]: address })
      await glia.call(`/ww/0.1.0/self/${id}/trap`, address).catch(() => undefined)
    },
    [pid, LONG] as const,
  )
  await expect(page.getByRole('alert')).toContainText('not reachable', { timeout: 20_000 })
  const seen: Record<string, string[]> = {}
  const look = async (what: string): Promise<void> => void (seen[what] = await tooWide(page))
  await page.getByRole('row', { name: /a-name/ }).click()
  await look('processes')
  await page.getByPlaceholder('Type a message').or(page.getByRole('textbox')).first().fill(LONG)
  for (const summary of await page.locator('details > summary').all()) await summary.click()
  await look('details')
  await page.getByRole('tab', { name: /Peers/ }).click()
  await page.getByLabel('Connect to a multiaddr').fill(LONG)
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  await expect(page.locator('.connect')).toContainText('could not be reached')
  await look('peers')
  await page.getByRole('tab', { name: 'Settings' }).click()
  await page.getByLabel('Relays, one multiaddr').fill(LONG)
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.locator('.in-use').first()).toContainText('trying again')
  await look('settings')
  await page.getByRole('banner').locator('[popovertarget=mesh-explained]').click()
  await look('status')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Show the join link as a QR code' }).click()
  await look('join dialog')
  expect(seen).toEqual(Object.fromEntries(Object.keys(seen).map((what) => [what, []])))
})

test('a page from http:// of another host says why it cannot run, and what to do', async () => {
  const site = await staticServer()
  const { port } = new URL(site.url)
  const executablePath = process.env['CHROMIUM_PATH']
  const args = [...CHROMIUM_FLAGS, '--host-resolver-rules=MAP lan.test 127.0.0.1']
  const browser = await chromium.launch({ args, ...(executablePath && { executablePath }) })
  try {
    const page = await browser.newPage()
    await page.goto(`http://lan.test:${port}/`)
    await expect(page.getByRole('alert')).toContainText(`this one came from http://lan.test:${port}`)
    await expect(page.getByRole('alert')).toContainText('Put HTTPS in front of the server')
    await expect(page.getByRole('banner')).toContainText('Not running')
  } finally {
    await browser.close()
    await site.stop()
  }
})

test('a relay that does not answer is said to be so, in words', async ({ page, server }) => {
  await openTab(page, server.url)
  await page.evaluate(() => glia.served)
  await page.getByRole('tab', { name: 'Settings' }).click()
  await page.getByLabel('Relays, one multiaddr').fill('/ip4/127.0.0.1/tcp/9/ws')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.locator('.in-use').first()).toContainText('The relay at 127.0.0.1:9 does not answer.')
})

test('a join link whose relay is away works when that is back, and the notice goes', async ({ browser }) => {
  const site = await staticServer()
  const relay = await startRelay('--allow-origin', new URL(site.url).origin)
  const ada = await visit(browser, relay.url, { webRtc: false })
  const guest = await browser.newContext()
  try {
    await ada.waitForFunction(() => glia.peers().some(({ link }) => link !== 'none'))
    await expect(ada.getByRole('banner')).toContainText('On the mesh')
    const { hash } = new URL(await ada.evaluate(() => glia.joinLink()))
    await relay.kill()
    const page = await guest.newPage()
    await openTab(page, site.url + hash)
    await page.getByRole('button', { name: 'Join', exact: true }).click()
    await expect(page.getByRole('alert')).toContainText('is not reachable now', { timeout: 20_000 })
    await relay.restart()
    await expect(page.getByRole('alert')).toBeHidden({ timeout: 20_000 })
    await expect(page.getByRole('banner')).toContainText(/On the mesh|Relayed only/)
  } finally {
    await Promise.all([ada.context().close(), guest.close()])
    await site.stop()
    await relay.stop()
  }
})
