import { expect, type Page } from '@playwright/test'
import { expectNoFaults } from './axe.ts'
import { joined, linkTo, startRelay, test } from './mesh.ts'
import { staticServer } from './server.ts'
import { addressOf, call, installTools, openTab, peerIdOf, ready, spawn } from './tab.ts'

const PHONE = { width: 360, height: 740 }
/** As long as a name may be. */
const LONG_NAME = 'x'.repeat(40)

/** The link that the share dialog of a process shows. */
async function sharedLink(page: Page): Promise<string> {
  const dialog = page.getByRole('dialog', { name: /^Share / })
  await expect(dialog.getByRole('img', { name: 'The link as a QR code' })).toBeVisible()
  return (await dialog.locator('.join-link').textContent()) ?? ''
}

/** Opens a link on a phone of somebody else: other storage, nothing but the link. */
async function openOnPhone(from: Page, link: string): Promise<Page> {
  const context = await from.context().browser()?.newContext({ viewport: PHONE, hasTouch: true })
  if (!context) throw new Error('there is no browser')
  await context.addInitScript(installTools)
  const page = await context.newPage()
  await page.goto(link)
  return page
}

test('a link to a process is opened on a phone, and the actor answers; a link to its module makes a copy there', async ({
  ada,
}) => {
  await ada.evaluate(() => void (location.hash = '#/peers'))
  await ada.getByLabel('Your name, as other peers see it').fill(LONG_NAME)
  await ada.getByRole('button', { name: 'Set name' }).click()
  await expect(ada.getByText('The name is kept.')).toBeVisible()
  const pid = await ada.evaluate(async () => {
    const module = new Uint8Array(await (await fetch('actors/root.wasm')).arrayBuffer())
    return glia.spawn(module, { name: 'greeter', description: 'Says back what you say.' })
  })
  await ada.evaluate((id) => void (location.hash = `#/p/${id}`), pid)
  // Chromium on Linux has no dialog of the system for this.
  const sent = await ada.evaluateHandle(() => {
    const seen: ShareData[] = []
    Object.assign(navigator, { share: async (data: ShareData) => void seen.push(data) })
    return seen
  })
  await ada.getByRole('button', { name: 'Share', exact: true }).click()
  const dialog = ada.getByRole('dialog', { name: 'Share greeter' })
  await expect(dialog).toContainText('This link works on this machine only')
  for (const size of [PHONE, { width: 1280, height: 800 }]) {
    await ada.setViewportSize(size)
    await expect(dialog.getByRole('button', { name: 'Copy link' })).toBeInViewport({ ratio: 1 })
    await expect(dialog.getByRole('button', { name: 'Send…' })).toBeInViewport({ ratio: 1 })
  }
  await dialog.getByLabel('Method').selectOption('echo')
  await expectNoFaults(ada)
  const link = await sharedLink(ada)
  await dialog.getByRole('button', { name: 'Send…' }).click()
  expect(await sent.jsonValue()).toEqual([{ title: 'Share greeter', url: link }])
  // Scripts make the same link.
  expect(await ada.evaluate((id) => glia.joinLink({ pid: id, method: 'echo' }), pid)).toBe(link)
  const refused = await ada.evaluate(
    (id) =>
      [{ pid: id, method: 'shout' }, { pid: 'nobody' }, { cid: 'unshared' }, { method: 'echo' }].map((target) => {
        try {
          return glia.joinLink(target)
        } catch (thrown) {
          return (thrown as { code?: string }).code
        }
      }),
    pid,
  )
  expect(refused).toEqual(['ERR_NO_METHOD', 'ERR_NO_PROC', 'ERR_DENIED', 'ERR_BAD_REQUEST'])
  const bob = await openOnPhone(ada, link)
  await expect(bob.getByRole('heading', { name: 'greeter' })).toBeVisible()
  await expect(bob.getByRole('main')).toContainText('Says back what you say.')
  await expect(bob.getByTitle(await peerIdOf(ada))).toBeVisible()
  // The id alone proves who invites, however long the name is that is announced.
  const inviter = bob.locator('.inviter')
  await expect(inviter.locator('.announced-name')).toHaveText(`“${LONG_NAME}”`)
  await expect(inviter.locator('.mono')).toBeInViewport({ ratio: 1 })
  const { right } = await inviter.locator('.mono').evaluate((id) => id.getBoundingClientRect().toJSON() as DOMRect)
  expect(right).toBeLessThan(await inviter.evaluate((line) => line.getBoundingClientRect().right + 1))
  await expect(bob.getByRole('radio', { name: 'echo' })).toBeChecked()
  await expect(bob.getByText(/clang|Ctrl/)).toHaveCount(0)
  await bob.getByLabel('Your message').fill('hello from a phone')
  await bob.getByRole('button', { name: 'Send' }).click()
  await expect(bob.getByRole('region', { name: 'Reply' })).toHaveText('hello from a phone')
  await expectNoFaults(bob)
  expect(await bob.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)

  await dialog.getByRole('button', { name: 'Run a copy' }).click()
  await expect(dialog).toContainText('Its module is not shared')
  await dialog.getByRole('checkbox', { name: /^Share module/ }).check()
  const { hash } = new URL(await sharedLink(ada))
  // The page is open, and is given another link.
  await bob.evaluate((fragment) => void (location.hash = fragment), hash)
  const sheet = bob.getByRole('dialog', { name: 'greeter.wasm' })
  await expect(sheet).toContainText('sent you the link')
  await expect(sheet).toContainText('fd_write')
  await expectNoFaults(bob)
  expect(await bob.evaluate(() => glia.procs().length)).toBe(1)
  await sheet.getByRole('button', { name: 'Start' }).click()
  await expect(bob).toHaveURL(/#\/p\//)
  const copy = await bob.evaluate(() => glia.procs().find(({ name }) => name === 'greeter')?.pid)
  expect(copy).not.toBe(pid)
  expect(await call(bob, `/ww/0.1.0/self/${copy}/echo`, 'hi')).toEqual({ text: 'hi' })
  await bob.context().close()
})

test('a link to a process with keys has its key, or asks for one', async ({ ada }) => {
  const pid = await spawn(ada, 'keeper', { name: 'diary', key: true })
  await ada.evaluate((id) => void (location.hash = `#/p/${id}`), pid)
  await ada.getByRole('button', { name: 'Share', exact: true }).click()
  const dialog = ada.getByRole('dialog', { name: 'Share diary' })
  await dialog.getByLabel('Method').selectOption('note')
  const open = await sharedLink(ada)
  await dialog.getByLabel('Key').fill('a/b')
  await expect(dialog).toContainText('“a/b” cannot be a key')
  await expect(dialog.locator('.join-link')).toHaveCount(0)
  await expect(dialog.getByRole('button', { name: 'Copy link' })).toHaveCount(0)
  await expect(dialog).toContainText('While the key is wrong there is no link.')
  await dialog.getByLabel('Key').fill('Zoë b')
  await expectNoFaults(ada)
  const named = await sharedLink(ada)
  expect(await ada.evaluate((id) => glia.joinLink({ pid: id, key: 'Zoë b', method: 'note' }), pid)).toBe(named)
  expect(await ada.evaluate((id) => glia.joinLink({ pid: `${id}:Zoë b`, method: 'note' }), pid)).toBe(named)

  const bob = await openOnPhone(ada, named)
  await expect(bob.getByRole('main')).toContainText('The link leads to Zoë b')
  await bob.getByLabel('Your message').fill('x')
  await bob.getByRole('button', { name: 'Send' }).click()
  await expect(bob.getByRole('region', { name: 'Reply' })).toContainText('1 x')
  await bob.evaluate((fragment) => void (location.hash = fragment), new URL(open).hash)
  await bob.getByLabel('Your message').fill('y')
  await bob.getByRole('button', { name: 'Send' }).click()
  await expect(bob.getByText('cannot be a key')).toBeVisible()
  await expect(bob.getByLabel(/^Key/)).toBeFocused()
  await bob.getByLabel(/^Key/).fill('Zoë b')
  await bob.getByRole('button', { name: 'Send' }).click()
  await expect(bob.getByRole('region', { name: 'Reply' })).toContainText('2 y')
  await expectNoFaults(bob)
  await bob.context().close()
})

test('links that lead nowhere say so, and which part fails', async ({ ada, server }) => {
  const link = await ada.evaluate(() => glia.joinLink())
  const pid = (await addressOf(ada, 'x')).split('/')[4]
  const nobody = link.replace(/\/p2p\/[^/]*$/, '/p2p/12D3KooWQK1njq1u9y8wTqD93XQHm5QKorRnKQMSiBgpYdXorfgJ')
  const bob = await openOnPhone(ada, `${nobody}&pid=${pid}`)
  const steps = bob.getByRole('status', { name: 'How far it is' })
  await expect(steps).toContainText(/The relay .* is connected/)
  await expect(steps).toContainText('is not reachable: it may be closed, or asleep')
  await expect(bob.getByRole('button', { name: 'Try again now' })).toBeVisible()
  await expectNoFaults(bob)
  await bob.evaluate((hash) => void (location.hash = hash), `${new URL(link).hash}&pid=1111111111111111111111111111`)
  await expect(bob.getByRole('alert')).toContainText('This link cannot be used')
  await bob.evaluate((hash) => void (location.hash = hash), '#spawn=javascript:alert(1)&from=data:text/html,x')
  await expect(bob.getByRole('alert')).toContainText('it names no module')
  await bob.evaluate(() => void (location.hash = '#javascript:alert(1)'))
  await expect(bob.getByRole('alert')).toContainText('This page knows no link that is like “#javascript:alert(1)”')
  await bob.goto(`${server.url}#spawn=${'x'.repeat(100_000)}`)
  await expect(bob.getByRole('alert')).toContainText('it has more than 8192 characters')
  await bob.getByRole('link', { name: 'Open the full page' }).click()
  await expect(bob.getByRole('tab', { name: /Processes/ })).toBeVisible()
  await bob.context().close()
})

test('a link outlives the reload that isolates the page, and may be given again', async ({ browser }) => {
  const site = await staticServer()
  const relay = await startRelay('--allow-origin', new URL(site.url).origin)
  const context = await browser.newContext()
  const owner = await openTab(await (await browser.newContext()).newPage(), relay.url)
  try {
    await joined(owner)
    const { hash } = new URL(await owner.evaluate(() => glia.joinLink()))
    const guest = await context.newPage()
    // Before the service worker isolates the page, the person goes to another view.
    await guest.addInitScript(() => {
      if (!crossOriginIsolated) addEventListener('DOMContentLoaded', () => (location.hash = '#/settings'))
    })
    await guest.goto(site.url + hash)
    await ready(guest)
    const consent = guest.getByRole('alertdialog', { name: /^Join the mesh of/ })
    await expect(consent).toBeVisible()
    await expect(guest).toHaveURL(/#\/settings$/)
    await consent.getByRole('button', { name: 'Not now' }).click()
    await expect(consent).toBeHidden()
    const open = (): Promise<void> => guest.evaluate((link) => void (location.hash = link), hash)
    await open()
    await consent.getByRole('button', { name: 'Join' }).click()
    const ownersId = await peerIdOf(owner)
    const linked = (): Promise<void> => expect.poll(() => linkTo(guest, ownersId)).toMatch(/relayed|direct/)
    await linked()
    await guest.evaluate(async (peer) => {
      location.hash = '#/peers'
      await glia.disconnect(peer)
    }, ownersId)
    await open()
    await linked()
    await expect(consent).toBeHidden()
  } finally {
    await Promise.all([owner.context().close(), context.close()])
    await relay.stop()
    await site.stop()
  }
})
