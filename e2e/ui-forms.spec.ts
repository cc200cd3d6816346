import { expect, type Page } from '@playwright/test'
import { openTab, spawn, test } from './tab.ts'

async function goTo(tab: Page, hash: string): Promise<void> {
  await tab.evaluate((to) => void (location.hash = to), hash)
}

test('a policy with a wrong field is not saved, and the keyboard is at that field', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  await goTo(tab, `#/p/${pid}/policy`)
  await tab.getByRole('button', { name: 'Change…' }).click()
  for (const [form, save] of [
    ['Policy of trouble', 'Save'],
    ['Policy of new processes', 'Save policy'],
  ] as const) {
    const fields = tab.getByRole('form', { name: form })
    const methods = fields.getByLabel(/^Methods with callers/)
    /* oxlint-disable no-await-in-loop -- one form after the other */
    await methods.fill('count: browser\ncount: anyone')
    await fields.getByRole('button', { name: save, exact: true }).click()
    await expect(methods).toBeFocused()
    await expect(methods).toBeInViewport()
    await expect(methods).toHaveAccessibleDescription('“count” has two lines. Leave one of them.')
    await methods.fill('count: browser')
    await fields.getByRole('button', { name: save, exact: true }).click()
    await goTo(tab, '#/settings')
    await tab.getByText('Callers, calls, limits').click()
    /* oxlint-enable no-await-in-loop */
  }
  await expect(tab.getByText('Saved. New processes begin with it.')).toBeVisible()
  const policy = await tab.evaluate((id) => glia.procs().find((proc) => proc.pid === id)?.policy.methods, pid)
  expect(policy).toEqual({ count: { callers: 'browser' } })
})

test('after a file is deleted for good the keyboard is at the next one', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  await tab.evaluate((id) => glia.importFiles(id, { 'a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c' }), pid)
  await goTo(tab, `#/p/${pid}/files`)
  const focused = (name: string) => tab.getByRole('button', { name, exact: true })
  const deleteFile = async (name: string): Promise<void> => {
    await tab.getByRole('button', { name: `Delete ${name}` }).press('Enter')
    await tab.getByRole('button', { name: 'Delete for good' }).press('Enter')
    await expect(focused(name)).toHaveCount(0)
  }
  await deleteFile('b.txt')
  await expect(focused('c.txt')).toBeFocused()
  await deleteFile('c.txt')
  await expect(focused('a.txt')).toBeFocused()
  await deleteFile('a.txt')
  await expect(tab.getByRole('list', { name: 'Files' })).toBeFocused()
})

test('the colours of one tab are those of the others', async ({ tab }) => {
  const other = await openTab(await tab.context().newPage(), `${new URL(tab.url()).origin}/#/settings`)
  await goTo(tab, '#/settings')
  await tab.getByLabel('Colours', { exact: true }).selectOption('dark')
  await expect(other.locator('html')).toHaveAttribute('data-theme', 'dark')
  await expect(other.getByLabel('Colours', { exact: true })).toHaveValue('dark')
})

test('root names the root process in the page, as in every address, and what is no PID is said to be none', async ({
  tab,
}) => {
  await goTo(tab, '#/p/root')
  await expect(tab.getByRole('heading', { name: 'root', exact: true })).toBeVisible()
  await tab
    .getByRole('navigation', { name: /^Parts of/ })
    .getByRole('link', { name: 'Log' })
    .click()
  await expect(tab.getByRole('region', { name: 'Log', exact: true })).toBeVisible()
  await goTo(tab, '#/p/rooot')
  const main = tab.getByRole('main')
  await expect(main).toContainText('This is no address of a process.')
  await expect(main).not.toContainText('killed')
})
