import { type Browser, expect, type Page } from '@playwright/test'
import { expectNoFaults } from './axe.ts'
import { guest } from './guests/guests.ts'
import { joined, type Relay, startRelayWith, test, visit } from './mesh.ts'
import { choose, drop, peerIdOf, ready, startSheet } from './tab.ts'

const SIZES = [
  { width: 1280, height: 800 },
  { width: 360, height: 740 },
]

interface Managed {
  host: Relay
  /** A tab that may manage it. */
  page: Page
  end(): Promise<void>
}

/** @param before Called while the tab may not manage the host yet. */
async function managed(browser: Browser, before?: (page: Page, host: Relay) => Promise<void>): Promise<Managed> {
  const args = ['--actors']
  const host = await startRelayWith({}, args)
  const page = await visit(browser, host.url)
  await joined(page)
  await before?.(page, host)
  args.push('--owner', await peerIdOf(page))
  await host.stop()
  await host.restart()
  await page.reload()
  await ready(page)
  await joined(page)
  const end = async (): Promise<void> => {
    await page.context().close()
    await host.stop()
  }
  return { host, page, end }
}

async function goTo(page: Page, hash: string): Promise<void> {
  await page.evaluate((place) => void (location.hash = place), hash)
}

/** A message from the tab to the system process of the host. @returns the head of the answer */
async function order(
  { page, host }: Managed,
  method: string,
  head: object,
  body = new Uint8Array(),
): Promise<Record<string, unknown>> {
  const line = await page.evaluate(
    async ([address, start, rest]) => {
      const reply = await glia.call(address, new Uint8Array([...new TextEncoder().encode(start), ...rest]))
      return new TextDecoder().decode(reply).split('\n')[0] ?? ''
    },
    [`/ww/0.1.0/${host.peerId}/sys/${method}`, `${JSON.stringify(head)}\n`, body] as const,
  )
  return JSON.parse(line) as Record<string, unknown>
}

/** Makes a process of a guest on the host. @returns its PID */
async function hosted(it: Managed, name: Parameters<typeof guest>[0], options: object = {}): Promise<string> {
  const { pid } = await order(it, 'spawn', { name, policy: { callers: 'anyone' }, ...options }, await guest(name))
  return String(pid)
}

function part(page: Page, name: string) {
  return page.getByRole('region', { name, exact: true })
}

test('a host shows its processes to the tab that may manage it, as the tab shows its own', async ({ browser }) => {
  const { host, page, end } = await managed(browser, async (tab, { peerId }) => {
    await goTo(tab, `#/peers/${peerId}`)
    // Who may not manage it sees what it lists, and no error.
    await expect(tab.getByText(/^It lists no process to this peer/)).toBeVisible()
    await expect(tab.getByRole('alert')).toHaveCount(0)
    await expect(tab.getByRole('table', { name: 'Processes' })).toHaveCount(0)
  })
  await goTo(page, `#/peers/${host.peerId}`)
  const list = page.getByRole('table', { name: 'Processes' })
  await expect(list.getByRole('row', { name: /root/ })).toBeVisible()

  await drop(page, '.managed', { 'trouble.wasm': await guest('trouble') })
  await expect(page.getByRole('dialog').getByText(/^It starts on/)).toBeVisible()
  await startSheet(page)
  const row = list.getByRole('row', { name: /trouble/ })
  await expect(row).toContainText('idle')
  const shown = page.getByRole('complementary', { name: 'Console of trouble' })
  await shown.getByLabel('Method').selectOption('count')
  await shown.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(shown.getByRole('region', { name: 'Reply' })).toHaveText('1')
  const { version } = (await (await page.request.get(`${host.url}version.json`)).json()) as { version: string }
  await expect(page.getByText(/^glia\/.* node\//)).toHaveText(`glia/${version} node/${process.versions.node}`)
  for (const size of SIZES) {
    // oxlint-disable-next-line no-await-in-loop -- one size after the other
    await page.setViewportSize(size)
    // oxlint-disable-next-line no-await-in-loop
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
    // oxlint-disable-next-line no-await-in-loop
    await expectNoFaults(page)
  }
  await page.setViewportSize({ width: 1280, height: 800 })

  await shown.getByRole('button', { name: 'Restart' }).click()
  await expect(shown.getByRole('log')).toContainText(/restart/i)

  await drop(page, 'tr[data-pid]:last-child', { 'notes.wasm': await guest('notes') })
  await shown.getByRole('button', { name: 'Replace', exact: true }).click()
  await expect(shown.getByRole('log')).toContainText('Now runs')

  await shown.getByRole('button', { name: 'Kill' }).click()
  await expect(row).toHaveCount(0)
  await page.getByRole('status').filter({ hasText: 'trouble was killed' }).getByRole('button', { name: 'Undo' }).click()
  await expect(row).toBeVisible()
  await end()
})

test('a process of a host has a page: its parts have addresses, and Back and Forward lead from one to the other', async ({
  browser,
}) => {
  // Some ten times all rules of axe.
  test.slow()
  const it = await managed(browser)
  const { host, page } = it
  const pid = await hosted(it, 'trouble', { args: ['-v'], restart: 'transient', env: { MOOD: 'calm' } })
  await order(it, 'remind', { pid, method: 'count', everyMs: 86_400_000 })
  await goTo(page, `#/peers/${host.peerId}`)
  await page.getByRole('link', { name: 'trouble' }).click()
  const home = `#/peers/${host.peerId}/p/${pid}`
  await expect(page).toHaveURL((url) => url.hash === home)
  await expect(page).toHaveTitle(/^trouble on .* · /)
  await expect(page.getByRole('tab', { name: /^Peers/ })).toHaveAttribute('aria-selected', 'true')
  await page.getByLabel('Method').selectOption('count')
  await page.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(page.getByRole('region', { name: 'Reply' })).toHaveText('1')
  const parts = page.getByRole('navigation', { name: 'Parts of trouble' })
  await expect(parts.getByRole('link')).toHaveText([
    'Console',
    'Log',
    'Files',
    'Memory',
    'Reminders',
    'Module',
    'Policy',
  ])
  await parts.getByRole('link', { name: 'Log' }).click()
  await page.getByRole('button', { name: 'Restart' }).click()
  await expect(part(page, 'Log').getByRole('log')).toContainText(/restart/i)
  await parts.getByRole('link', { name: 'Policy' }).click()
  await expect(part(page, 'Policy')).toContainText('transient')
  await page.goBack()
  await expect(part(page, 'Log')).toBeVisible()
  await page.goForward()
  await expect(page).toHaveURL((url) => url.hash === `${home}/policy`)
  await page.getByRole('button', { name: 'Change…' }).click()
  await page.getByLabel('Time for a message, s').fill('7')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(part(page, 'Policy')).toContainText('7 s')

  await parts.getByRole('link', { name: 'Files' }).click()
  await part(page, 'Files')
    .getByLabel('Add files')
    .setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('hello there') })
  await page.getByRole('button', { name: 'a.txt', exact: true }).click()
  await expect(part(page, 'Files')).toContainText('hello there')
  await expect(part(page, 'Files')).toContainText('One file')
  await parts.getByRole('link', { name: 'Module' }).click()
  await expect(part(page, 'Module')).toContainText('fd_write')
  await expect(part(page, 'Module')).toContainText('MOOD=calm')
  await parts.getByRole('link', { name: 'Memory' }).click()
  // The restart has emptied it.
  await expect(page.getByText('Nothing is kept yet.')).toBeVisible()
  await page.evaluate((address) => glia.call(address), `/ww/0.1.0/${host.peerId}/${pid}/count`)
  await expect(page.getByRole('list', { name: 'Snapshots' }).getByRole('listitem').first()).toBeVisible()
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    part(page, 'Memory').getByRole('button', { name: 'Download snapshot', exact: true }).click(),
  ])
  expect(file.suggestedFilename()).toBe('trouble.gliasnap')

  for (const size of SIZES) {
    // oxlint-disable-next-line no-await-in-loop -- one size after the other
    await page.setViewportSize(size)
    for (const name of ['console', 'log', 'files', 'memory', 'reminders', 'module', 'policy']) {
      // oxlint-disable-next-line no-await-in-loop -- one part after the other
      await goTo(page, `${home}/${name}`)
      // oxlint-disable-next-line no-await-in-loop
      await expect(page.getByRole('navigation', { name: 'Parts of trouble' })).toBeVisible()
      // oxlint-disable-next-line no-await-in-loop
      if (name === 'reminders') await expect(page.getByRole('list', { name: 'Reminders' })).toContainText('every 1 d')
      // oxlint-disable-next-line no-await-in-loop
      if (name === 'module') await expect(part(page, 'Module')).toContainText('fd_write')
      // oxlint-disable-next-line no-await-in-loop
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
      // oxlint-disable-next-line no-await-in-loop
      await expectNoFaults(page)
    }
  }
  await goTo(page, `${home}/reminders`)
  await page.getByRole('button', { name: /^Forget/ }).click()
  await expect(page.getByText('It waits for no message.')).toBeVisible()
  await page.reload()
  await ready(page)
  // The link leads there also in a page that has just begun.
  await expect(page.getByText('It waits for no message.')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'trouble' })).toBeVisible()
  await it.end()
})

test('a kill and a swap of a process of a host are undone from its page', async ({ browser }) => {
  const it = await managed(browser)
  const { host, page } = it
  const pid = await hosted(it, 'trouble')
  await goTo(page, `#/peers/${host.peerId}/p/${pid}/module`)
  const methods = part(page, 'Module').locator('.tag')
  await expect(methods.filter({ hasText: /^count$/ })).toBeVisible()
  await choose(page, 'Replace module', 'notes.wasm', await guest('notes'))
  await page.getByRole('button', { name: 'Replace', exact: true }).click()
  await expect(methods.filter({ hasText: /^count$/ })).toHaveCount(0)
  const swapped = page.getByRole('status').filter({ hasText: 'trouble runs notes.wasm now' })
  await swapped.getByRole('button', { name: 'Undo' }).click()
  await expect(methods.filter({ hasText: /^count$/ })).toBeVisible()
  await page.getByRole('button', { name: 'Kill', exact: true }).click()
  await expect(page.getByText(/has no process/)).toBeVisible()
  const killed = page.getByRole('status').filter({ hasText: 'trouble was killed' })
  await killed.getByRole('button', { name: 'Undo' }).click()
  await expect(methods.filter({ hasText: /^count$/ })).toBeVisible()
  await page.getByRole('link', { name: 'Console', exact: true }).click()
  await page.getByLabel('Method').selectOption('count')
  await page.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(page.getByRole('region', { name: 'Reply' })).toHaveText('1')

  // Another manager was faster: the page says that it is too late.
  await page.getByRole('link', { name: 'Module', exact: true }).click()
  await choose(page, 'Replace module', 'notes.wasm', await guest('notes'))
  await page.getByRole('button', { name: 'Replace', exact: true }).click()
  await expect(swapped).toBeVisible()
  await order(it, 'swap', { pid }, await guest('keeper'))
  await swapped.getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'trouble still runs notes.wasm' })).toContainText(
    'ERR_TOO_LATE',
  )
  await it.end()
})

test('the keys of a process of a host are listed on its page, called and killed', async ({ browser }) => {
  const it = await managed(browser)
  const { host, page } = it
  const pid = await hosted(it, 'trouble', { key: true })
  await goTo(page, `#/peers/${host.peerId}/p/${pid}`)
  await page.getByLabel('Method').selectOption('count')
  await page.getByRole('textbox', { name: 'Key', exact: true }).fill('ada')
  await page.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(page.getByRole('region', { name: 'Reply' })).toHaveText('1')
  await page.getByRole('link', { name: 'Keys', exact: true }).click()
  const row = page.getByRole('table', { name: 'Keys' }).getByRole('row', { name: /ada/ })
  await expect(row).toBeVisible()
  await expectNoFaults(page)
  await row.getByRole('button', { name: 'Kill ada' }).click()
  await row.getByRole('button', { name: 'Kill for good' }).click()
  await expect(row).toHaveCount(0)
  await it.end()
})

test('the page of a process of a host says why it shows none', async ({ browser }) => {
  const it = await managed(browser, async (tab, { peerId }) => {
    await goTo(tab, `#/peers/${peerId}/p/2CwUGSZGbcthADNpY4RqgWDmEGkG`)
    await expect(tab.getByRole('alert')).toContainText('ERR_DENIED')
    await expectNoFaults(tab)
  })
  const { host, page } = it
  // The address stayed, and the tab may manage the host by now.
  await expect(page.getByText(/has no process/)).toBeVisible()
  await goTo(page, `#/peers/${host.peerId}/p/nonsense`)
  await expect(page.getByText('This is no address of a process.')).toBeVisible()
  const pid = await hosted(it, 'trouble')
  await goTo(page, `#/peers/${host.peerId}/p/${pid}`)
  await expect(page.getByRole('heading', { name: 'trouble' })).toBeVisible()
  await host.kill()
  await expect(page.getByText('What is shown may be old')).toBeVisible()
  await host.restart()
  await expect(page.getByText('What is shown may be old')).toHaveCount(0)
  await expect(page.getByRole('heading', { name: 'trouble' })).toBeVisible()
  await it.end()
})
