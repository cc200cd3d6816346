import { expect } from '@playwright/test'
import { expectNoFaults } from './axe.ts'
import { guest } from './guests/guests.ts'
import { joined, startRelayWith, test, visit } from './mesh.ts'
import { drop, peerIdOf, ready, startSheet } from './tab.ts'

test('a host shows its processes to the tab that may manage it, as the tab shows its own', async ({ browser }) => {
  const args = ['--actors']
  const host = await startRelayWith({}, args)
  const page = await visit(browser, host.url)
  await joined(page)
  await page.evaluate((id) => void (location.hash = `#/peers/${id}`), host.peerId)
  // Who may not manage it sees what it lists, and no error.
  await expect(page.getByText(/^It lists no process to this peer/)).toBeVisible()
  await expect(page.getByRole('alert')).toHaveCount(0)
  await expect(page.getByRole('table', { name: 'Processes' })).toHaveCount(0)

  args.push('--owner', await peerIdOf(page))
  await host.stop()
  await host.restart()
  await page.reload()
  await ready(page)
  const list = page.getByRole('table', { name: 'Processes' })
  await expect(list.getByRole('row', { name: /root/ })).toBeVisible()

  await drop(page, '.managed', { 'trouble.wasm': await guest('trouble') })
  await expect(page.getByRole('dialog').getByText(/^It starts on/)).toBeVisible()
  await startSheet(page)
  const row = list.getByRole('row', { name: /trouble/ })
  await expect(row).toContainText('idle')
  const managed = page.getByRole('region', { name: 'trouble, managed' })
  await managed.getByLabel('Method').fill('count')
  await managed.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(managed.getByRole('region', { name: 'Reply' })).toHaveText('1')
  await expectNoFaults(page)

  await managed.getByRole('button', { name: 'Restart' }).click()
  await expect(managed.getByRole('log')).toContainText(/restart/i)
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    managed.getByRole('button', { name: 'Download snapshot' }).click(),
  ])
  expect(file.suggestedFilename()).toBe('trouble.gliasnap')

  await drop(page, 'tr[data-pid]:last-child', { 'notes.wasm': await guest('notes') })
  await managed.getByRole('button', { name: 'Replace', exact: true }).click()
  await expect(managed.getByRole('log')).toContainText('Now runs')

  await managed.getByRole('button', { name: 'Kill…' }).click()
  await managed.getByRole('button', { name: 'Kill it' }).click()
  await expect(row).toHaveCount(0)
  await page.context().close()
  await host.stop()
})
