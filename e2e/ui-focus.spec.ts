import { expect, type Page } from '@playwright/test'
import { connect, test } from './mesh.ts'
import { call, local, peerIdOf, row, spawn } from './tab.ts'

// A button that a person pressed with the keyboard may change, or give way to another part. The keyboard stays there.

function button(page: Page, name: string | RegExp) {
  return page.getByRole('button', { name, exact: true })
}

async function openPart(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => void (location.hash = to), hash)
}

test('a policy that is changed, given up or saved keeps the keyboard', async ({ ada }) => {
  const pid = await spawn(ada, 'trouble')
  await openPart(ada, `#/p/${pid}/policy`)
  const form = ada.getByRole('form', { name: 'Policy of trouble' })
  await button(ada, 'Change…').press('Enter')
  await expect(ada.getByLabel('Who may call it')).toBeFocused()
  await form.getByRole('button', { name: 'Cancel' }).press('Enter')
  await expect(button(ada, 'Change…')).toBeFocused()
  await ada.keyboard.press('Enter')
  await ada.getByLabel('Memory, MiB').fill('7')
  await form.getByRole('button', { name: 'Save' }).press('Enter')
  await expect(button(ada, 'Change…')).toBeFocused()
  // What waits for the next instance can have one at once. Then this button has nothing more to do.
  const part = ada.getByRole('region', { name: 'Policy', exact: true })
  await part.getByRole('button', { name: 'Restart' }).press('Enter')
  await expect(part.getByRole('button', { name: 'Restart' })).toHaveCount(0)
  await expect(button(ada, 'Change…')).toBeFocused()
})

test('Restart, Clear and Undo keep the keyboard', async ({ ada }) => {
  const pid = await spawn(ada, 'trouble')
  const count = async () => (await call(ada, local(pid, 'count'))).text
  expect([await count(), await count()]).toEqual(['1', '2'])
  await openPart(ada, `#/p/${pid}`)
  await button(ada, 'Restart').press('Enter')
  await expect.poll(count).toBe('1')
  await expect(button(ada, 'Restart')).toBeFocused()

  expect(await call(ada, local(pid, 'give_up'))).toMatchObject({ code: 'ERR_TRAPPED' })
  await expect(ada.getByRole('log')).toContainText('looked everywhere')
  await button(ada, 'Clear').press('Enter')
  await expect(ada.getByRole('log')).toHaveCount(0)
  await expect(button(ada, 'Clear')).toBeFocused()
  expect(await call(ada, local(pid, 'give_up'))).toMatchObject({ code: 'ERR_TRAPPED' })
  await openPart(ada, `#/p/${pid}/log`)
  await expect(ada.getByRole('log')).toContainText('looked everywhere')
  await button(ada, 'Clear').press('Enter')
  await expect(ada.getByText('The log is empty.')).toBeVisible()
  await expect(button(ada, 'Clear')).toBeFocused()

  await button(ada, 'Kill').press('Enter')
  await button(ada, 'Undo').press('Enter')
  await expect(ada.getByRole('heading', { name: 'trouble' })).toBeVisible()
  await expect(ada.getByRole('tabpanel')).toBeFocused()
  await openPart(ada, '#/processes')
  await expect(row(ada, 'trouble')).toHaveAttribute('aria-selected', 'true')
  await button(ada, 'Kill').press('Enter')
  await button(ada, 'Undo').press('Enter')
  await expect(row(ada, 'trouble')).toHaveAttribute('aria-selected', 'true')
  await expect(row(ada, 'trouble')).toBeFocused()
})

test('Set name, Ping, a long call and Erase everything keep the keyboard', async ({ ada, bob }) => {
  await connect(bob, ada, 'direct')
  await spawn(ada, 'trouble', { policy: { listed: true } })
  await openPart(bob, `#/peers/${await peerIdOf(ada)}`)
  await button(bob, 'Ping').press('Enter')
  await expect(bob.getByText(/^answered in .* ms$/)).toBeVisible()
  await expect(button(bob, 'Ping')).toBeFocused()
  await bob.getByLabel('Your name for this peer').fill('my Ada')
  await button(bob, 'Set name').press('Enter')
  await expect(bob.getByText('The name is kept.')).toBeVisible()
  await expect(button(bob, 'Set name')).toBeFocused()
  await expect(button(bob, 'Set name')).toBeDisabled()

  await bob
    .getByRole('list', { name: /^Processes of/ })
    .getByRole('button', { name: /^trouble/ })
    .click()
  const console = bob.getByRole('form', { name: /^trouble of/ })
  await console.getByLabel('Method').fill('spin')
  await console.getByRole('button', { name: 'Call', exact: true }).press('Enter')
  await expect(console.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await bob.keyboard.press('Enter')
  await expect(console.getByRole('button', { name: 'Call', exact: true })).toBeFocused()

  await openPart(ada, '#/settings')
  await button(ada, 'Erase everything…').press('Enter')
  await expect(button(ada, 'Cancel')).toBeFocused()
  await ada.keyboard.press('Enter')
  await expect(button(ada, 'Erase everything…')).toBeFocused()
  const others = 'Use an identity that can be exported…'
  await button(ada, others).press('Enter')
  await expect(button(ada, 'Cancel')).toBeFocused()
  await ada.keyboard.press('Enter')
  await expect(button(ada, others)).toBeFocused()
})
