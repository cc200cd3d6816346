import { expect, type Page } from '@playwright/test'
import { joined, linkTo, startRelay, visit } from './mesh.ts'
import { staticServer } from './server.ts'
import { openTab, peerIdOf, ready, row, spawn, test } from './tab.ts'

function marked(page: Page): Promise<string | null> {
  return page.getByRole('tab', { selected: true }).textContent()
}

test('each view has an address, and Back and Forward go from one to the next', async ({ tab }) => {
  await tab.getByRole('tab', { name: 'Settings' }).click()
  await expect(tab).toHaveURL(/#\/settings$/)
  await expect(tab).toHaveTitle(/^Settings · .+ · Glia$/)
  await tab.getByRole('tab', { name: /Peers/ }).click()
  await expect(tab.getByLabel('Connect to a multiaddr')).toBeVisible()
  await tab.goBack()
  await expect(tab.getByRole('heading', { name: 'What this browser keeps' })).toBeVisible()
  expect(await marked(tab)).toContain('Settings')
  await tab.goBack()
  await expect(row(tab, 'root')).toBeVisible()
  await expect(tab).toHaveTitle(/^[^·]+ · Glia$/)
  await tab.goForward()
  await tab.goForward()
  await expect(tab.getByLabel('Connect to a multiaddr')).toBeVisible()
})

test('an address opens its view, and keeps it across a reload', async ({ page, server }) => {
  await openTab(page, `${server.url}#/settings`)
  await expect(page.getByRole('heading', { name: 'What this browser keeps' })).toBeVisible()
  await page.reload()
  await expect(page.getByRole('heading', { name: 'What this browser keeps' })).toBeVisible()
  expect(await marked(page)).toContain('Settings')
})

test('an address that no view has says so, and leads back', async ({ page, server }) => {
  await openTab(page, `${server.url}#/constructor/%E0%A4%A`)
  await expect(page.getByText('This page has no view')).toContainText('#/constructor')
  await page.getByRole('link', { name: 'Show the processes' }).click()
  await expect(row(page, 'root')).toBeVisible()
})

test('the keyboard goes on where the eye is after a move to another view', async ({ tab }) => {
  await spawn(tab, 'trouble')
  await row(tab, 'trouble').click()
  await tab.getByRole('tab', { name: /Processes/ }).focus()
  await tab.keyboard.press('ArrowRight')
  await expect(tab.getByRole('tab', { name: /Peers/ })).toBeFocused()
  await expect(tab.getByRole('tab', { name: /Peers/ })).toHaveAttribute('aria-selected', 'true')
  await tab.getByLabel('Connect to a multiaddr').focus()
  await tab.goBack()
  await expect(row(tab, 'trouble')).toBeFocused()
})

test('a dialog does not stay over another place, and gives the focus back', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  const dialogs = tab.getByRole('dialog')
  const share = tab.getByRole('button', { name: 'Share', exact: true })
  await tab.evaluate((id) => void (location.hash = `#/p/${id}`), pid)
  await share.click()
  await dialogs.getByRole('link', { name: 'Change that' }).click()
  await expect(tab.getByRole('tabpanel').getByText('Who may call')).toBeVisible()
  await expect(dialogs).toHaveCount(0)
  await expect(share).toBeFocused()
  await share.click()
  await expect(dialogs).toHaveAccessibleName(/^Share trouble/)
  await tab.goBack()
  await expect(dialogs).toHaveCount(0)
  await tab.keyboard.press('Control+k')
  await expect(dialogs).toHaveAccessibleName('Commands')
  await tab.goForward()
  await expect(dialogs).toHaveCount(0)
  await tab.keyboard.press('Control+k')
  await expect(dialogs.getByRole('combobox')).toBeFocused()
  await tab.keyboard.press('Escape')
  await expect(dialogs).toHaveCount(0)
})

test('a join link is followed while other views are shown, and after a reload of another view', async ({ browser }) => {
  const site = await staticServer()
  const relay = await startRelay('--allow-origin', new URL(site.url).origin)
  const ada = await visit(browser, relay.url)
  await joined(ada)
  const { hash } = new URL(await ada.evaluate(() => glia.joinLink()))
  const context = await browser.newContext()
  try {
    const guest = await context.newPage()
    await openTab(guest, site.url + hash)
    const consent = guest.getByRole('alertdialog', { name: /^Join the mesh of/ })
    await expect(consent).toBeVisible()
    await guest.getByRole('tab', { name: 'Settings' }).click()
    await expect(guest).toHaveURL(/#\/settings$/)
    await consent.getByRole('button', { name: 'Join' }).click()
    const adasId = await peerIdOf(ada)
    const linked = (): Promise<unknown> =>
      expect.poll(() => linkTo(guest, adasId), { timeout: 20_000 }).toMatch(/relayed|direct/)
    await linked()
    await guest.reload()
    await ready(guest)
    await linked()
    await expect(guest.getByRole('heading', { name: 'What this browser keeps' })).toBeVisible()
    // Back to the link is no new invitation.
    await guest.goBack()
    await expect(row(guest, 'root')).toBeVisible()
    await expect(consent).toBeHidden()
  } finally {
    await Promise.all([ada.context().close(), context.close()])
    await relay.stop()
    await site.stop()
  }
})
