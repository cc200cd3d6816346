import { expect, type Page } from '@playwright/test'
import { bad } from './guests/bad.ts'
import { guest } from './guests/guests.ts'
import { addActor, call, choose, drop, local, row, spawn, startSheet, test } from './tab.ts'

/** The methods of the process with a name; undefined if there is none. */
function methodsOf(page: Page, name: string): Promise<readonly string[] | undefined> {
  return page.evaluate((wanted) => glia.procs().find((proc) => proc.name === wanted)?.methods, name)
}

test('the header says who this tab is, on which slot and tier', async ({ tab }) => {
  const peerId = await tab.evaluate(() => glia.peerId)
  await expect(tab.getByRole('button', { name: `Copy peer id ${peerId}` })).toBeVisible()
  await tab.getByRole('button', { name: 'slot 0 · rings' }).click()
  await expect(tab.getByText('the page is cross-origin isolated')).toBeVisible()
  await expect(tab.getByRole('button', { name: 'HTTP API', exact: true })).toBeVisible()
})

test('a chosen file becomes a process, and its method can be called', async ({ tab }) => {
  await addActor(tab, 'trouble')
  await expect(row(tab, 'trouble')).toContainText('idle')
  await tab.getByLabel('Method').selectOption('slurp')
  await tab.getByRole('textbox', { name: 'Message' }).fill('hello')
  await tab.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(tab.getByRole('region', { name: 'Reply' })).toHaveText('5')
  await expect(row(tab, 'trouble').getByRole('cell').nth(2)).toHaveText('1')
})

test('an empty reply of a method says what may have become of its output, and one of a command does not', async ({
  tab,
}) => {
  await addActor(tab, 'diary')
  await tab.getByLabel('Method').selectOption('note')
  await tab.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(tab.locator('.call-line')).toContainText('fflush(stdout)')
  await tab.getByLabel('Method').selectOption('which')
  await tab.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(tab.getByRole('region', { name: 'Reply' })).toHaveText('diary')
  await expect(tab.locator('.call-line')).not.toContainText('fflush')
  await addActor(tab, 'cmd')
  await tab.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(tab.locator('.call-line')).toContainText('ok')
  await expect(tab.locator('.call-line')).not.toContainText('fflush')
})

test('dropped files become processes, wherever they are dropped', async ({ tab }) => {
  await drop(tab, 'body', { 'first.wasm': await guest('trouble'), 'second.wasm': await guest('cmd') })
  await startSheet(tab)
  await startSheet(tab)
  await expect(row(tab, 'first')).toBeVisible()
  await expect.poll(() => methodsOf(tab, 'second')).toContain('_start')
  await drop(tab, 'h2', { 'third.wasm': await guest('duplex') })
  await startSheet(tab)
  await expect.poll(() => methodsOf(tab, 'third')).toContain('prompt')
  expect(await tab.evaluate(() => glia.procs().map(({ name }) => name))).toEqual(['root', 'first', 'second', 'third'])
})

test('a file dropped on the message box is the message', async ({ tab }) => {
  await addActor(tab, 'trouble')
  await tab.getByLabel('Method').selectOption('slurp')
  await drop(tab, '#message', { 'data.bin': new Uint8Array(200_000) })
  await expect(tab.getByText('data.bin')).toBeVisible()
  await tab.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(tab.getByRole('region', { name: 'Reply' })).toHaveText('200000')
})

for (const [name, { bytes, names, found }] of Object.entries(bad)) {
  test(`a file that is refused says why: ${name}`, async ({ tab }) => {
    await choose(tab, 'Add a .wasm actor', `${name}.wasm`, bytes)
    const sheet = tab.getByRole('dialog', { name: `${name}.wasm` })
    // What asks for too much memory may be allowed it, so it is refused only when it is started.
    const isRefusedLate = found === 'starting' || name === 'hugeMemory'
    if (isRefusedLate) await sheet.getByRole('button', { name: 'Start', exact: true }).click()
    await expect(sheet.getByRole('alert')).toContainText(names ?? /ERR_BAD_MODULE|ERR_START/)
    await tab.keyboard.press('Escape')
    await expect(sheet).toHaveCount(0)
    await expect(row(tab, name)).toHaveCount(0)
  })
}

test('a reply streams in while the call runs, and the call can be cancelled', async ({ tab }) => {
  await addActor(tab, 'trouble')
  await tab.getByLabel('Method').selectOption('flood')
  await tab.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(tab.getByRole('region', { name: 'Reply' })).toContainText('~~~')
  await tab.getByRole('button', { name: 'Cancel' }).click()
  await expect(tab.getByText('cancelled')).toBeVisible()
  await tab.getByLabel('Method').selectOption('count')
  await tab.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(tab.getByRole('region', { name: 'Reply' })).toHaveText('1')
})

test('Cancel frees a process that loops, and Restart is at hand while it does', async ({ tab }) => {
  await addActor(tab, 'trouble')
  const count = async (expected: string): Promise<void> => {
    await tab.getByLabel('Method').selectOption('count')
    await tab.getByRole('button', { name: 'Call', exact: true }).click()
    await expect(tab.getByRole('region', { name: 'Reply' })).toHaveText(expected)
  }
  const loop = async (): Promise<void> => {
    await tab.getByLabel('Method').selectOption('spin')
    await tab.getByRole('button', { name: 'Call', exact: true }).click()
    await expect(row(tab, 'trouble')).toContainText('busy')
  }
  await count('1')
  await count('2')
  await loop()
  await tab.getByRole('button', { name: 'Cancel' }).click()
  await expect(tab.getByText('cancelled', { exact: true })).toBeVisible()
  await expect(row(tab, 'trouble')).not.toContainText('busy')
  await expect(tab.getByText('did not return when its message was cancelled')).toBeVisible()
  await count('1')
  await loop()
  await tab.getByRole('button', { name: 'Restart' }).click()
  await expect(tab.getByRole('alert')).toContainText('Its owner restarted the process')
  await count('1')
})

test('a failed call says what went wrong, in the console and in the table', async ({ tab }) => {
  await addActor(tab, 'trouble')
  await tab.getByLabel('Method').selectOption('trap')
  await tab.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(tab.getByRole('alert')).toContainText('ERR_TRAPPED')
  await expect(row(tab, 'trouble')).toContainText('ERR_TRAPPED')
})

test('a killed process leaves the table, and undo brings it back under its PID', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  await call(tab, local(pid, 'count'))
  await row(tab, 'trouble').click()
  await tab.getByRole('button', { name: 'Kill' }).click()
  await expect(row(tab, 'trouble')).toHaveCount(0)
  // The keyboard goes on where the process was.
  await expect(row(tab, 'root')).toBeFocused()
  await tab.getByRole('button', { name: 'Undo' }).click()
  await expect(row(tab, 'trouble')).toBeVisible()
  await expect(row(tab, 'trouble')).toBeFocused()
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
})

test('the keyboard is enough: choose a process, write a message, call it', async ({ tab }) => {
  await spawn(tab, 'trouble')
  // A key is pressed by somebody who sees where it goes.
  await expect(row(tab, 'trouble')).toBeVisible()
  await row(tab, 'root').click()
  await tab.keyboard.press('ArrowDown')
  await expect(row(tab, 'trouble')).toHaveAttribute('aria-selected', 'true')
  await tab.getByLabel('Method').selectOption('slurp')
  await tab.getByRole('textbox', { name: 'Message' }).focus()
  await tab.keyboard.type('hello')
  await tab.keyboard.press('Control+Enter')
  await expect(tab.getByRole('region', { name: 'Reply' })).toHaveText('5')
})

test('a bundled actor is started with one click', async ({ tab }) => {
  await tab.getByRole('button', { name: 'counter', exact: true }).click()
  await expect.poll(() => methodsOf(tab, 'counter')).toContain('increment')
  await tab.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(tab.getByRole('region', { name: 'Reply' })).toHaveText('1')
})

test('a view whose code cannot be had yet is told of, and comes when it can', async ({ browser, server }) => {
  const context = await browser.newContext({ serviceWorkers: 'block' })
  const page = await context.newPage()
  await page.route('**/later-views-*.js', (route) => route.abort())
  await page.goto(server.url)
  await page.getByRole('tab', { name: 'Settings' }).click()
  await expect(page.getByRole('alert')).toContainText('could not be loaded')
  await page.unroute('**/later-views-*.js')
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByLabel('Relays, one multiaddr a line')).toBeVisible()
  await expect(page.getByRole('alert')).toHaveCount(0)
  await context.close()
})

test('the tab and the header count the same peers, and who is alone with a relay is told how to invite', async ({
  tab,
}) => {
  await expect(tab.getByRole('button', { name: 'On the mesh · 0 peers' })).toBeVisible()
  await tab.getByRole('tab', { name: 'Peers 0' }).click()
  await expect(tab.getByText('0 connected, 1 relay')).toBeVisible()
  await expect(tab.getByRole('heading', { name: 'Nobody else is here yet' })).toBeVisible()
})

for (const width of [360, 768, 1600]) {
  test(`nothing is cut off at ${width} pixels`, async ({ tab }) => {
    await tab.setViewportSize({ width, height: 800 })
    await addActor(tab, 'trouble')
    await expect(tab.getByRole('button', { name: 'Call', exact: true })).toBeVisible()
    expect(await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
  })
}
