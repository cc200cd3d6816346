import { expect, type Locator, type Page } from '@playwright/test'
import { copyProcess } from './copy-process.ts'
import { call, local, ready, row, spawn, test } from './tab.ts'

/** Names of the rows on the page, from above. */
function names(tab: Page): Promise<string[]> {
  return tab.locator('tr[data-pid] a').allTextContents()
}

function head(tab: Page, name: string): Locator {
  return tab.getByRole('columnheader', { name }).getByRole('button')
}

test('many processes are in few rows, which the keyboard reaches all', async ({ tab }) => {
  await spawn(tab, 'trouble', { name: 'worker-0' })
  await tab.evaluate(copyProcess, { count: 999, name: 'worker-' })
  await tab.reload()
  await ready(tab)
  await expect(tab.getByRole('table', { name: 'Processes' })).toHaveAttribute('aria-rowcount', '1002')
  expect(await tab.locator('tr[data-pid]').count()).toBeLessThan(60)
  expect(
    await row(tab, 'worker-0')
      .first()
      .evaluate((element) => element.getBoundingClientRect().height),
  ).toBe(36)
  await row(tab, 'root').click()
  await tab.keyboard.press('End')
  await expect(row(tab, 'worker-999')).toBeFocused()
  await expect(row(tab, 'worker-999')).toBeInViewport()
  await tab.keyboard.press('PageUp')
  await expect(row(tab, 'worker-999')).toHaveAttribute('aria-selected', 'false')
  await tab.keyboard.press('Home')
  await expect(row(tab, 'root')).toBeFocused()
  await tab.keyboard.press('Enter')
  await expect(tab.getByRole('heading', { name: 'root' })).toBeVisible()
  await tab.goBack()
  await tab.getByLabel('Filter processes').fill('worker-9')
  await expect(tab.getByText(/^111 of 1,001$/)).toBeVisible()
  await head(tab, 'Name and PID').click()
  await head(tab, 'Name and PID').click()
  expect((await names(tab)).slice(0, 3)).toEqual(['worker-999', 'worker-998', 'worker-997'])
  await tab.getByRole('tab', { name: 'Settings' }).click()
  await tab.goBack()
  await expect(tab.getByLabel('Filter processes')).toHaveValue('worker-9')
  await tab.getByLabel('Filter processes').press('Escape')
  await expect(tab.getByText(/^1,001$/).first()).toBeVisible()
})

test('columns hold their width while values change, and rows their place under the pointer', async ({ tab }) => {
  const [a, b] = [await spawn(tab, 'trouble', { name: 'aye' }), await spawn(tab, 'trouble', { name: 'bee' })]
  await expect(row(tab, 'bee')).toBeVisible()
  const widths = (): Promise<number[]> =>
    tab.locator('.rows th').evaluateAll((heads) => heads.map((each) => each.getBoundingClientRect().width))
  const before = await widths()
  await head(tab, 'Messages').click()
  await head(tab, 'Messages').click()
  await call(tab, local(a, 'count'))
  await expect.poll(() => names(tab)).toEqual(['aye', 'root', 'bee'])
  await row(tab, 'aye').hover()
  for (let i = 0; i < 3; i++) await call(tab, local(b, 'count'))
  await call(tab, local(b, 'trap'))
  await expect(row(tab, 'bee').getByRole('cell').nth(2)).toHaveText('4')
  expect(await names(tab)).toEqual(['aye', 'root', 'bee'])
  await tab.mouse.move(0, 0)
  await call(tab, local(b, 'count'))
  await expect.poll(() => names(tab)).toEqual(['bee', 'aye', 'root'])
  expect(await widths()).toEqual(before)
})

test('a name has its room before the PID', async ({ tab }) => {
  await tab.setViewportSize({ width: 1280, height: 800 })
  await spawn(tab, 'trouble', { name: 'grandmother counter' })
  const name = row(tab, 'grandmother').getByRole('link', { name: 'grandmother counter' })
  await expect(name).toBeVisible()
  expect(await name.evaluate((link) => link.scrollWidth - link.clientWidth)).toBe(0)
})

test('the palette goes anywhere and does what rows and pages do', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  const run = async (text: string): Promise<void> => {
    await tab.keyboard.press('Control+k')
    await tab.getByRole('combobox', { name: /^Go to/ }).fill(text)
    await tab.keyboard.press('Enter')
    await expect(tab.getByRole('dialog', { name: 'Commands' })).toHaveCount(0)
  }
  await run('settings')
  await expect(tab.getByRole('heading', { name: 'What this browser keeps' })).toBeVisible()
  await run('start counter')
  await expect(row(tab, 'counter')).toHaveAttribute('aria-selected', 'true')
  await call(tab, local(pid, 'count'))
  await run('restart trouble')
  await expect.poll(async () => (await call(tab, local(pid, 'count'))).text).toBe('1')
  await run('trouble process')
  await expect(tab).toHaveURL(new RegExp(`#/p/${pid}$`))
  await expect(tab.getByRole('tabpanel')).toBeFocused()
  await run('theme: dark')
  await expect(tab.locator('body')).toHaveCSS('background-color', 'rgb(19, 20, 23)')
  await tab.reload()
  await expect(tab.locator('body')).toHaveCSS('background-color', 'rgb(19, 20, 23)')
  // The commands of a process are there when the process is back.
  await expect(tab).toHaveTitle(/^trouble/)
  await run('kill trouble')
  await expect(tab.getByRole('button', { name: 'Undo' })).toBeVisible()
  await tab.getByRole('button', { name: 'Commands' }).click()
  await tab.keyboard.type('nothing has this name')
  await expect(tab.getByText('Nothing is called like that.')).toBeVisible()
  await tab.keyboard.press('Escape')
  await expect(tab.getByRole('button', { name: 'Commands' })).toBeFocused()
})

test('the words and numbers in a row of a process are whole', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  const keyed = await spawn(tab, 'keeper', { name: 'keyed', key: true })
  for (let i = 0; i < 12; i++) await call(tab, local(`${keyed}:${i}`, 'note'), 'x')
  await tab.reload()
  await ready(tab)
  const keys = row(tab, 'keyed').locator('.state')
  await expect(keys).toHaveText('12 keys')
  await expect(keys).toHaveAttribute('title', '12 keys, not loaded')
  for (const width of [360, 1280]) {
    await tab.setViewportSize({ width, height: 740 })
    expect(await keys.locator('span').last().evaluate(isCut)).toBe(false)
  }
  await tab.getByLabel('Filter processes').fill('not loaded')
  await expect(row(tab, 'trouble')).toBeVisible()
  await tab.getByLabel('Filter processes').fill('')
  const state = row(tab, 'trouble').locator('.state')
  await expect(state).toHaveText('not loaded')
  await expect(state).toHaveAttribute('title', 'not loaded')
  expect(await state.locator('span').last().evaluate(isCut)).toBe(false)
  await call(tab, local(pid, 'count'))
  const p50 = row(tab, 'trouble').locator('td').filter({ hasText: / ms$/ })
  // The widest that it may be.
  await p50.evaluate((cell) => (cell.textContent = '0.84 ms'))
  expect(await p50.evaluate(isCut)).toBe(false)
})

function isCut(element: Element): boolean {
  return element.scrollWidth > element.clientWidth
}
