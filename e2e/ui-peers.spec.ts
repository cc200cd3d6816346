import { expect, type Page } from '@playwright/test'
import { expectNoFaults } from './axe.ts'
import { connect, test } from './mesh.ts'
import { addressOf, call, peerIdOf, ready, spawn } from './tab.ts'

const SIZES = [
  { width: 1280, height: 800 },
  { width: 360, height: 740 },
]

async function nameSelf(page: Page, name: string): Promise<void> {
  await page.evaluate(() => void (location.hash = '#/peers'))
  await page.getByLabel('Your name, as other peers see it').fill(name)
  await page.getByRole('button', { name: 'Set name' }).click()
  await expect(page.getByText('The name is kept.')).toBeVisible()
}

test('a peer is found by its name, looked at, named, called, blocked and let in again', async ({ ada, bob }) => {
  await connect(bob, ada, 'direct')
  const adaId = await peerIdOf(ada)
  const pid = await spawn(ada, 'trouble', { policy: { listed: true } })
  await nameSelf(ada, 'Ada \u202E<b>')
  await bob.evaluate(() => void (location.hash = '#/peers'))
  const table = bob.getByRole('table', { name: /^Peers/ })
  await table.getByRole('link', { name: `“Ada <b>” …${adaId.slice(-6)}` }).click()
  await expect(bob).toHaveURL(new RegExp(`#/peers/${adaId}$`))
  await expect(bob.getByRole('heading', { level: 2 }).first()).toHaveText('“Ada <b>”')
  await expect(bob.getByText(/^connected directly for/)).toBeVisible()
  await expect(bob.getByRole('img', { name: /^Latency: .* ms/ })).toBeVisible()
  await expect(bob.getByRole('table', { name: 'Open streams' })).toContainText('/glia/0.1.0')
  await bob.getByRole('button', { name: 'Ping' }).click()
  await expect(bob.getByText(/^answered in .* ms$/)).toBeVisible()
  // The call that connected the two went to an address that the peer does not list.
  await expect(bob.getByRole('list', { name: /^Processes of/ })).toContainText('called before')
  await bob
    .getByRole('list', { name: /^Processes of/ })
    .getByRole('button', { name: /^trouble/ })
    .click()
  const form = bob.getByRole('form', { name: /^trouble of/ })
  await form.getByLabel('Method').fill('count')
  await form.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(form.getByRole('region', { name: 'Reply' })).toHaveText('1')
  // What is wrong is said beside its field, which has the keyboard.
  const others = bob.getByLabel('PID or address of another process')
  await others.fill('nonsense')
  await bob.getByRole('button', { name: 'Choose' }).click()
  await expect(others).toBeFocused()
  // The own name of the person counts before the announced one, looks other, and stays.
  await bob.getByLabel('Your name for this peer').fill('my Ada')
  await bob.getByRole('button', { name: 'Set name' }).click()
  await expect(bob.getByRole('heading', { level: 2 }).first()).toHaveText('my Ada')
  await expect(bob.getByText('It calls itself “Ada <b>”.')).toBeVisible()
  for (const size of SIZES) {
    // oxlint-disable-next-line no-await-in-loop -- one size after the other
    await bob.setViewportSize(size)
    // oxlint-disable-next-line no-await-in-loop
    expect(await bob.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
    // oxlint-disable-next-line no-await-in-loop
    await expectNoFaults(bob)
  }
  await bob.getByRole('button', { name: 'Ping' }).click()
  await expect(bob.getByText(/^answered in .* ms$/)).toBeVisible()
  await bob.getByRole('button', { name: 'Block' }).click()
  await expect(bob.getByText(/^blocked since/)).toBeVisible()
  await expect(bob.getByText(/^answered in/)).toHaveCount(0)
  const address = await addressOf(ada, 'count', pid)
  expect(await call(bob, address)).toMatchObject({ code: 'ERR_DENIED' })
  expect((await call(ada, await addressOf(bob, 'echo'), 'hi')).code).toBe('ERR_UNREACHABLE')
  await bob.reload()
  await ready(bob)
  await bob.getByRole('tab', { name: 'Settings' }).click()
  await bob.getByRole('button', { name: `Unblock my Ada …${adaId.slice(-6)}`, exact: true }).click()
  await expect(bob.getByRole('button', { name: /^Unblock/ })).toHaveCount(0)
  await expect(bob.getByRole('list', { name: 'Blocked peers' })).toBeFocused()
  await expect.poll(async () => (await call(bob, address)).text).toBe('2')
})

test('a process with keys that a peer lists asks for the key, and its instance answers', async ({ ada, bob }) => {
  await connect(bob, ada, 'direct')
  const pid = await spawn(ada, 'keeper', { key: true, policy: { listed: true } })
  const adaId = await peerIdOf(ada)
  await bob.evaluate((to) => void (location.hash = `#/peers/${to}`), adaId)
  await bob
    .getByRole('list', { name: /^Processes of/ })
    .getByRole('button', { name: /^keeper/ })
    .click()
  const form = bob.getByRole('form', { name: /^keeper of/ })
  const key = form.getByLabel('Key', { exact: true })
  const copied = form.getByRole('button', { name: 'Copy the address' })
  await form.getByLabel('Method').fill('note')
  await form.getByLabel('Message').fill('a')
  // What is wrong with a key is said beneath it, before anything is sent.
  for (const wrong of ['', 'a/b']) {
    // oxlint-disable-next-line no-await-in-loop -- one key after the other
    await key.fill(wrong)
    // oxlint-disable-next-line no-await-in-loop
    await form.getByRole('button', { name: 'Call', exact: true }).click()
    // oxlint-disable-next-line no-await-in-loop
    await expect(key).toBeFocused()
    // oxlint-disable-next-line no-await-in-loop
    await expect(key).toHaveAccessibleDescription(/1 to 128 bytes/)
  }
  await expect(form.getByRole('region', { name: 'Reply' })).not.toContainText('key')
  await key.fill('')
  await expect(copied).toHaveText(`/ww/0.1.0/${adaId}/${pid}/note`)
  await key.fill('e\u0301')
  await expect(copied).toHaveText(`/ww/0.1.0/${adaId}/${pid}:\u00E9/note`)
  await key.fill('alice')
  await form.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(form.getByRole('region', { name: 'Reply' })).toHaveText('1 a | a')
  expect(await bob.evaluate((id) => glia.listed(id), adaId)).toMatchObject([{ name: 'keeper', key: true }])

  // The address that is copied is taken, also that of a process that the peer does not list.
  const hidden = await spawn(ada, 'keeper', { name: 'hidden', key: true })
  const others = bob.getByLabel('PID or address of another process')
  await others.fill(`/ww/0.1.0/${adaId}/${pid}:bob/note`)
  await bob.getByRole('button', { name: 'Choose' }).click()
  await expect(key).toHaveValue('bob')
  const address = `/ww/0.1.0/${adaId}/${hidden}:k1/note`
  await others.fill(address)
  await bob.getByRole('button', { name: 'Choose' }).click()
  const other = bob.getByRole('form', { name: /^process of/ })
  await expect(other.getByLabel('Key', { exact: true })).toHaveValue('k1')
  await expect(other.getByRole('button', { name: 'Copy the address' })).toHaveText(address)
  await other.getByLabel('Message').fill('b')
  await other.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(other.getByRole('region', { name: 'Reply' })).toHaveText('1 b | b')
})
