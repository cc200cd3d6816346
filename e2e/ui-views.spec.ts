import { expect, type Page } from '@playwright/test'
import { expectNoFaults } from './axe.ts'
import { guest } from './guests/guests.ts'
import { addActor, call, choose, local, ready, row, spawn, test } from './tab.ts'

const SIZES = [
  { width: 1280, height: 800 },
  { width: 360, height: 740 },
]

async function openPage(tab: Page, pid: string, name = 'console'): Promise<void> {
  await tab.evaluate((hash) => void (location.hash = hash), `#/p/${pid}/${name}`)
  await expect(tab.getByRole('navigation', { name: /^Parts of/ })).toBeVisible()
}

function part(tab: Page, name: string) {
  return tab.getByRole('region', { name, exact: true })
}

for (const size of SIZES) {
  test(`every view reads well for all at ${size.width} pixels, in both themes`, async ({ tab }) => {
    // Some twenty times all rules of axe.
    test.slow()
    await tab.setViewportSize(size)
    const pid = await spawn(tab, 'trouble')
    await tab.evaluate((id) => glia.importFiles(id, { 'a/b.txt': 'hello', 'c.json': '{"a": [1, 2]}' }), pid)
    await call(tab, local(pid, 'trap'))
    await expect(row(tab, 'trouble')).toContainText('ERR_TRAPPED')
    await expect(tab.getByRole('button', { name: 'Call', exact: true })).toBeVisible()
    await expectNoFaults(tab)
    for (const name of ['console', 'calls', 'charts', 'log', 'files', 'module', 'policy']) {
      await openPage(tab, pid, name)
      if (name === 'module') await expect(tab.getByText('fd_write').first()).toBeVisible()
      if (name === 'files') await tab.getByRole('button', { name: 'c.json', exact: true }).click()
      if (name === 'charts') await expect(tab.locator('.chart canvas').first()).toBeVisible()
      if (name === 'policy') await tab.getByRole('button', { name: 'Change…' }).click()
      expect(await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
      await expectNoFaults(tab)
    }
    for (const name of ['peers', 'charts', 'settings']) {
      await tab.evaluate((view) => void (location.hash = `#/${view}`), name)
      await expect(tab.getByRole('tab', { selected: true })).toHaveAttribute('href', `#/${name}`)
      await expect(tab.getByRole('button', { name: /Connect|Save|Pause/ }).first()).toBeVisible()
      await expectNoFaults(tab)
    }
    await tab.keyboard.press('Control+k')
    await expect(tab.getByRole('dialog', { name: 'Commands' })).toBeVisible()
    await expectNoFaults(tab)
  })
}

test('a process has a page: it is opened from the list, called, restarted and left', async ({ tab }) => {
  await addActor(tab, 'trouble')
  await row(tab, 'trouble').getByRole('link', { name: 'trouble' }).click()
  await expect(tab).toHaveURL(/#\/p\//)
  await expect(tab).toHaveTitle(/^trouble · /)
  await tab.getByLabel('Method').selectOption('count')
  await tab.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(tab.getByRole('region', { name: 'Reply' })).toHaveText('1')
  await tab.getByRole('button', { name: 'Restart' }).click()
  await tab.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(tab.getByRole('region', { name: 'Reply' })).toHaveText('1')
  await tab.getByRole('link', { name: 'Calls' }).click()
  await expect(part(tab, 'Calls')).toContainText('2 calls')
  await expect(part(tab, 'Calls').getByRole('link', { name: 'trouble count' })).toHaveCount(2)
  await tab.reload()
  await ready(tab)
  await expect(tab.getByRole('heading', { name: 'trouble' })).toBeVisible()
  await expect(part(tab, 'Calls')).toBeVisible()
  await tab.goBack()
  await tab.goBack()
  await expect(row(tab, 'trouble')).toHaveAttribute('aria-selected', 'true')
})

test('Cancel message frees a process that loops, whoever called it', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  await openPage(tab, pid)
  const outcome = call(tab, local(pid, 'spin'))
  await expect(tab.getByRole('button', { name: 'Cancel message' })).toBeEnabled()
  await tab.getByRole('button', { name: 'Cancel message' }).click()
  expect(await outcome).toMatchObject({ code: 'ERR_ABORTED', message: expect.stringContaining('owner') })
  await expect(tab.getByRole('button', { name: 'Cancel message' })).toBeDisabled()
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
})

test('a page of a process that is not there says so, and undoing the kill brings it back', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  await openPage(tab, pid)
  await tab.getByRole('button', { name: 'Kill' }).click()
  await expect(tab.getByText(`This tab has no process ${pid}`)).toBeVisible()
  await expect(tab.locator('section').filter({ hasText: 'This tab has no process' })).toBeFocused()
  await tab.getByRole('button', { name: 'Undo' }).click()
  await expect(tab.getByRole('heading', { name: 'trouble' })).toBeVisible()
})

test('a duplicate has the module, options and files of a process, and a memory of its own', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble', { args: ['x'], policy: { callers: 'browser' } })
  await tab.evaluate((id) => glia.importFiles(id, { 'kept/a.txt': 'hello' }), pid)
  await call(tab, local(pid, 'count'))
  await openPage(tab, pid)
  await tab.getByRole('button', { name: 'Duplicate' }).click()
  await expect(tab.getByRole('heading', { name: 'trouble-2' })).toBeVisible()
  const copy = await tab.evaluate(() => glia.procs().find(({ name }) => name === 'trouble-2'))
  expect(copy?.policy.callers).toBe('browser')
  expect(await call(tab, local(copy?.pid ?? '', 'count'))).toEqual({ text: '1' })
  await tab.getByRole('link', { name: 'Files' }).click()
  await tab.getByRole('button', { name: 'kept/' }).click()
  await expect(tab.getByRole('button', { name: 'a.txt', exact: true })).toBeVisible()
})

test('files are browsed, looked at, downloaded and deleted, while the process lives', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  await tab.evaluate((id) => glia.importFiles(id, { 'a/b.txt': 'hello', 'c.json': '{"deep": {"er": 1}}' }), pid)
  await call(tab, local(pid, 'count'))
  await openPage(tab, pid, 'files')
  await tab.getByRole('button', { name: 'c.json', exact: true }).click()
  await expect(tab.getByRole('region', { name: 'Content of c.json' })).toHaveText('{"deep": {"er": 1}}')
  await tab.getByRole('group', { name: 'Show as' }).getByRole('button', { name: 'JSON' }).click()
  await expect(tab.getByRole('region', { name: 'Content of c.json' })).toContainText('er: 1')
  await tab.getByRole('button', { name: 'a/', exact: true }).click()
  const saved = tab.waitForEvent('download')
  await tab.getByRole('button', { name: 'Download a/b.txt' }).click()
  expect((await saved).suggestedFilename()).toBe('b.txt')
  await tab.getByRole('button', { name: '/data', exact: true }).click()
  await tab.getByRole('button', { name: 'Delete a' }).click()
  await tab.getByRole('button', { name: 'Delete for good' }).click()
  await expect(tab.getByRole('button', { name: 'a/', exact: true })).toHaveCount(0)
  expect(await tab.evaluate(async (id) => (await glia.files(id)).entries.map(({ path }) => path), pid)).toEqual([
    'c.json',
  ])
  // The instance went on.
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '2' })
})

test('the log outlives a reload, is searched, paused and downloaded', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  await call(tab, local(pid, 'trap'))
  await openPage(tab, pid, 'log')
  const log = tab.getByRole('log')
  await expect(log).toContainText('ERR_TRAPPED')
  const before = await log.textContent()
  await expect
    .poll(() =>
      tab.evaluate(async (id) => {
        const names = (await indexedDB.databases()).map(({ name }) => name)
        if (!names.includes('glia-logs')) return false
        const db = await new Promise<IDBDatabase>((resolve) => {
          const request = indexedDB.open('glia-logs')
          request.onsuccess = () => resolve(request.result)
        })
        const kept = await new Promise<unknown>((resolve) => {
          const request = db.transaction('logs').objectStore('logs').get([0, id])
          request.onsuccess = () => resolve(request.result)
        })
        db.close()
        return JSON.stringify(kept ?? '').includes('ERR_TRAPPED')
      }, pid),
    )
    .toBe(true)
  await tab.reload()
  await ready(tab)
  await expect(log).toContainText('ERR_TRAPPED')
  expect(await log.textContent()).toContain(before)
  await tab.getByLabel('Level').selectOption('Errors')
  await tab.getByLabel('Search the log').fill('no such words')
  await expect(tab.getByText('No line is like that.')).toBeVisible()
  await tab.getByLabel('Search the log').fill('trapped')
  await expect(log).toContainText('ERR_TRAPPED')
  await tab.getByRole('button', { name: 'Pause' }).click()
  await call(tab, local(pid, 'trap'))
  await expect(tab.getByText(/^Paused\. .*came meanwhile/)).toBeVisible()
  await tab.getByRole('button', { name: 'Go on' }).click()
  const saved = tab.waitForEvent('download')
  await tab.getByRole('button', { name: 'Download' }).click()
  expect((await saved).suggestedFilename()).toBe('trouble.log')
})

test('a policy is changed on the page of a live process, and counts at once', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  await openPage(tab, pid, 'policy')
  await tab.getByRole('button', { name: 'Change…' }).click()
  await tab.getByLabel('Who may call it').selectOption({ label: 'This browser only' })
  await tab.getByRole('button', { name: 'Save' }).click()
  await expect(part(tab, 'Policy')).toContainText('Only this browser may call it.')
  expect(await tab.evaluate((id) => glia.procs().find((proc) => proc.pid === id)?.policy.callers, pid)).toBe('browser')
})

test('the module of a process is told: its CID, imports and exports', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  await openPage(tab, pid, 'module')
  const cid = await tab.evaluate((id) => glia.procs().find((proc) => proc.pid === id)?.cid, pid)
  await expect(part(tab, 'Module')).toContainText(cid ?? 'no CID')
  await expect(part(tab, 'Module')).toContainText('wasi_snapshot_preview1 fd_write function')
  await expect(part(tab, 'Module')).toContainText('memory memory')
  await choose(tab, 'Replace module', 'newer.wasm', await guest('duplex'))
  await tab.getByRole('button', { name: 'Replace', exact: true }).click()
  await expect(part(tab, 'Module')).toContainText('prompt')
})
