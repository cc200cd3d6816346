import { chromium, expect, type Page } from '@playwright/test'
import { CHROMIUM_FLAGS } from './browser.ts'
import { withMethods } from './guests/wasm.ts'
import { startRelay, test, visit } from './mesh.ts'
import { staticServer } from './server.ts'
import { call, local, openTab, ready, spawn, spawnBytes } from './tab.ts'

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

test('a method and a process with long names fit into what they are shown in', async ({ tab }) => {
  const method = `a_method_${'that_goes_on_and_on_'.repeat(5)}`
  const pid = await spawnBytes(tab, withMethods(method, 'other'), { name: 'n'.repeat(60) })
  await tab.evaluate((id) => void (location.hash = `#/p/${id}`), pid)
  await tab.getByRole('button', { name: 'Share', exact: true }).click()
  const dialog = tab.getByRole('dialog', { name: /^Share / })
  await dialog.locator('select').selectOption(method)
  await dialog.getByText('Addresses for programs').click()
  for (const size of SIZES) {
    await tab.setViewportSize(size)
    expect(await tooWide(tab)).toEqual([])
    expect(await dialog.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0)
    await dialog.getByRole('button', { name: 'Close' }).focus()
    await expect(dialog.getByRole('button', { name: 'Close' })).toBeInViewport({ ratio: 1 })
    await expect(dialog.locator('select')).toBeInViewport({ ratio: 1 })
  }
})

test('what gets the focus is never behind what stays at the top', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  await tab.evaluate((id) => void (location.hash = `#/p/${id}/policy`), pid)
  await tab.getByRole('button', { name: 'Change…' }).click()
  // The first is a page of 1280 by 800 at a zoom of 200 %.
  for (const size of [{ width: 640, height: 400 }, { width: 1280, height: 620 }, { width: 800, height: 700 }, PHONE]) {
    await tab.setViewportSize(size)
    const hidden = await tab.evaluate(() => {
      scrollTo(0, document.documentElement.scrollHeight)
      const fields = document.querySelectorAll<HTMLElement>('main :is(a, button, input, select, textarea):enabled')
      return [...fields].toReversed().flatMap((field) => {
        field.focus()
        const { left, top, width } = field.getBoundingClientRect()
        const seen = document.elementFromPoint(left + width / 2, top + 2)
        const isHidden = document.activeElement === field && seen?.closest('header, .process-top') != null
        return isHidden && !field.closest('.process-top') ? [`${field.outerHTML} at ${top}`] : []
      })
    })
    expect(hidden, JSON.stringify(size)).toEqual([])
    // Of the head itself all is in sight already.
    const before = await tab.evaluate(() => {
      scrollTo(0, document.documentElement.scrollHeight)
      return scrollY
    })
    await tab.locator('.parts a').first().focus()
    const isSticky = size.height > 600 && size.width > 600
    if (isSticky) expect(await tab.evaluate(() => scrollY)).toBe(before)
    else await expect(tab.locator('.parts a').first()).toBeInViewport({ ratio: 1 })
  }
})

test('the state of a process does not move what is beneath its head', async ({ tab }) => {
  await tab.setViewportSize({ width: 1280, height: 800 })
  const pid = await spawn(tab, 'trouble')
  await tab.reload()
  await ready(tab)
  await tab.evaluate((id) => void (location.hash = `#/p/${id}`), pid)
  const state = tab.locator('.process-state')
  const top = (): Promise<number> => tab.locator('.parts').evaluate((parts) => parts.getBoundingClientRect().top)
  await expect(state).toHaveText('not loaded')
  const before = await top()
  await call(tab, local(pid, 'count'))
  await expect(state).toHaveText('idle')
  expect(await top()).toBe(before)
  // Whatever it says.
  await state.locator('.state > :last-child').evaluate((words) => (words.textContent = 'many words '.repeat(20)))
  expect(await top()).toBe(before)
})

test('a button stands beside the words that it changes, and a term beside its words', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  await tab.evaluate((id) => void (location.hash = `#/p/${id}/policy`), pid)
  const change = tab.getByRole('button', { name: 'Change…' })
  const { apart, lower } = await change.evaluate((button) => {
    const range = document.createRange()
    range.setStartBefore(button.parentElement?.firstChild ?? button)
    range.setEndBefore(button)
    const words = range.getClientRects()[0] ?? new DOMRect()
    const term = document.createRange()
    term.selectNodeContents(button.parentElement?.previousElementSibling ?? button)
    return {
      apart: button.getBoundingClientRect().left - words.right,
      lower: words.top - term.getBoundingClientRect().top,
    }
  })
  expect(apart).toBeGreaterThanOrEqual(8)
  expect(Math.abs(lower)).toBeLessThan(2)
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
