import { expect, type Locator, type Page } from '@playwright/test'
import { expectNoFaults } from './axe.ts'
import { call, local, row, spawn, test } from './tab.ts'

async function show(tab: Page, place: string): Promise<void> {
  await tab.evaluate((hash) => void (location.hash = hash), `#/${place}`)
  await expect(tab.getByRole('button', { name: 'As a table' })).toBeVisible()
}

/** The chart with this title. */
function chart(tab: Page, title: string): Locator {
  return tab.getByRole('figure').filter({ has: tab.getByRole('heading', { name: title, exact: true }) })
}

test('calls show in the charts of the tab and of their process alone, and a failure is an error', async ({ tab }) => {
  const one = await spawn(tab, 'trouble', { name: 'one' })
  const two = await spawn(tab, 'trouble', { name: 'two' })
  const quiet = await spawn(tab, 'trouble', { name: 'quiet' })
  await tab.evaluate(
    async (to) => {
      for (let i = 0; i < 20; i++) await glia.call(to)
    },
    local(one, 'count'),
  )
  await call(tab, local(two, 'trap'))
  await expect(row(tab, 'one').getByRole('img', { name: /minute: at most \d+ a second/ })).toBeVisible()
  await expect(row(tab, 'quiet').getByRole('img', { name: /minute: none/ })).toBeVisible()

  await show(tab, 'charts')
  await expect(tab.locator('.chart canvas')).toHaveCount(7)
  await expect(chart(tab, 'Calls')).toContainText(/highest [\d.]+\/s, 21 in all/)
  await expect(chart(tab, 'Errors')).toContainText(', 1 in all')

  await show(tab, `p/${one}/charts`)
  await expect(chart(tab, 'Calls')).toContainText(', 20 in all')
  await expect(chart(tab, 'Errors')).toContainText(', 0 in all')
  await show(tab, `p/${two}/charts`)
  await expect(chart(tab, 'Calls')).toContainText(', 1 in all')
  await expect(chart(tab, 'Errors')).toContainText(', 1 in all')
  await show(tab, `p/${quiet}/charts`)
  await expect(chart(tab, 'Calls')).toContainText(', 0 in all')
  await expect(tab.locator('.chart canvas')).toHaveCount(6)

  await tab.getByRole('button', { name: 'As a table' }).click()
  const rows = tab.getByRole('table', { name: 'Samples' }).getByRole('row')
  await expect(rows.nth(1).getByRole('cell').nth(1)).toHaveText('0/s')
  await expectNoFaults(tab)
})
