import { expect, type Page } from '@playwright/test'
import { expectNoFaults } from './axe.ts'
import { installTools, call, drop, local, openTab, ready, spawn, test } from './tab.ts'

async function openSettings(tab: Page): Promise<void> {
  await tab.getByRole('tab', { name: 'Settings' }).click()
}

/** Presses what reloads the page, and waits until the peer runs again. */
async function pressAndReload(tab: Page, name: string): Promise<void> {
  await Promise.all([tab.waitForEvent('load'), tab.getByRole('button', { name, exact: true }).click()])
  await ready(tab)
}

async function peerOf(tab: Page): Promise<string | undefined> {
  return tab.evaluate(() => glia.peerId)
}

test('everything goes to another browser as one file, and is erased there', async ({ tab, browser, server }) => {
  await openSettings(tab)
  await tab.getByRole('button', { name: 'Use an identity that can be exported…' }).click()
  await pressAndReload(tab, 'Become another peer')
  const pid = await spawn(tab, 'keeper', { policy: { memory: 'durable' }, files: { 'note.txt': 'hello' } })
  expect(await call(tab, local(pid, 'note'), 'a')).toEqual({ text: '1 a | a' })
  const whole = await spawn(tab, 'keeper', { name: 'many', key: true })
  for (const key of ['x', 'y']) {
    expect(await call(tab, local(`${whole}:${key}`, 'note'), key)).toEqual({ text: `1 ${key} | ${key}` })
  }
  await openSettings(tab)
  await tab.getByLabel('With the identity of this tab').check()
  await expect(tab.getByText('Whoever has the file is this peer')).toBeVisible()
  await expectNoFaults(tab)
  const [saved] = await Promise.all([
    tab.waitForEvent('download'),
    tab.getByRole('button', { name: 'Export everything' }).click(),
  ])
  await expect(tab.getByText('Exported.', { exact: true })).toBeVisible()
  const peer = await peerOf(tab)
  const path = await saved.path()
  await tab.close()

  const context = await browser.newContext()
  await context.addInitScript(installTools)
  const other = await openTab(await context.newPage(), server.url)
  await openSettings(other)
  await other.getByLabel('Open an archive').setInputFiles({
    name: 'damaged.gliaall',
    mimeType: '',
    buffer: Buffer.from('nothing'),
  })
  await expect(other.getByRole('alert')).toContainText('The archive cannot be used: the file is no archive of Glia.')
  await other.getByLabel('Open an archive').setInputFiles(path)
  await expect(other.getByText('It has 2 processes: keeper, many.')).toBeVisible()
  await other.getByLabel(/^Become the peer of the file/).check()
  await expectNoFaults(other)
  await pressAndReload(other, 'Import')
  expect(await peerOf(other)).toBe(peer)
  expect(await call(other, local(pid, 'note'), 'b')).toEqual({ text: '2 b a | ab' })
  for (const key of ['x', 'y']) {
    expect(await call(other, local(`${whole}:${key}`, 'note'), 'z')).toEqual({ text: `2 z ${key} | ${key}z` })
  }
  expect(
    await other.evaluate(async (asked) => (await glia.files(asked)).entries.map((entry) => entry.path), pid),
  ).toContain('note.txt')

  const sibling = await openTab(await context.newPage(), server.url)
  await openSettings(other)
  await other.getByRole('button', { name: 'Erase everything…' }).click()
  await expect(other.getByText('This erases, for all tabs of this browser')).toBeVisible()
  await pressAndReload(other, 'Erase everything now')
  await expect(sibling.getByRole('alert')).toContainText('Another tab of this browser erased everything')
  expect(await peerOf(other)).not.toBe(peer)
  expect(await other.evaluate(() => glia.procs().length)).toBe(1)
  const fresh = await spawn(other, 'keeper')
  expect(await call(other, local(fresh, 'note'), 'c')).toEqual({ text: '1 c | c' })
  await context.close()
})

test('reminders go along with everything, and one whose time has passed comes late', async ({ tab }) => {
  const pid = await spawn(tab, 'ask', { name: 'one', policy: { call: 'owner' } })
  const keyed = await spawn(tab, 'ask', { name: 'many', key: true })
  const order = async (method: string, head: object, body = '') => {
    const { text = '' } = await call(tab, `/ww/0.1.0/self/sys/${method}`, `${JSON.stringify(head)}\n${body}`)
    return JSON.parse(text) as { id?: string; reminders?: { id: string; method: string; due: string }[] }
  }
  await call(tab, local(`${keyed}:a`, 'told'))
  const { id } = await order('remind', { pid, method: 'note', inMs: 2000 }, 'tea')
  const planned = { method: 'note', cron: '0 9 * * *', timeZone: 'Europe/Berlin' }
  await order('remind', { pid, ...planned })
  await order('remind', { pid: `${keyed}:a`, ...planned })
  const before = await order('reminders', { pid: `${keyed}:a` })
  const file = await tab.evaluateHandle(async () => (await glia.exportAll({ identity: false })).file)
  await expect.poll(async () => (await call(tab, local(pid, 'told'))).text).toContain('tea')
  const bytes = await file.evaluate(async (each) => [...new Uint8Array(await each.arrayBuffer())])
  const replace = (placing: 'add' | 'replace'): Promise<unknown> =>
    Promise.all([
      tab.waitForEvent('load'),
      tab
        .evaluate(
          ([given, how]) => glia.importAll(new Blob([new Uint8Array(given)]), { placing: how, identity: false }),
          [bytes, placing] as const,
        )
        .catch(() => undefined),
    ])
  await replace('replace')
  await ready(tab)
  // The time of the first has passed since the export.
  await expect.poll(async () => (await call(tab, local(pid, 'told'))).text).toMatch(`{"reminder":"${id}"`)
  expect((await order('reminders', { pid })).reminders).toMatchObject([planned])
  expect(await order('reminders', { pid: `${keyed}:a` })).toEqual(before)
  // A second import in the place of the first leaves none twice.
  await replace('replace')
  await ready(tab)
  expect((await order('reminders', { pid: `${keyed}:a` })).reminders).toHaveLength(1)
  await replace('add')
  await ready(tab)
  const pids = await tab.evaluate(() =>
    glia
      .procs()
      .filter(({ name }) => name === 'many')
      .map((each) => each.pid),
  )
  expect(pids).toHaveLength(2)
  for (const each of pids) expect((await order('reminders', { pid: `${each}:a` })).reminders).toMatchObject([planned])
})

test('an archive that is dropped in a tab with processes is added, or takes their place', async ({ tab }) => {
  const pid = await spawn(tab, 'keeper', { name: 'kept' })
  const names = () => tab.evaluate(() => glia.procs().map(({ name }) => name))
  await openSettings(tab)
  const [saved] = await Promise.all([
    tab.waitForEvent('download'),
    tab.getByRole('button', { name: 'Export everything' }).click(),
  ])
  const path = await saved.path()
  const choose = async (): Promise<void> => {
    await openSettings(tab)
    await tab.getByLabel('Open an archive').setInputFiles(path)
  }
  await choose()
  await pressAndReload(tab, 'Import')
  expect(await names()).toEqual(['root', 'kept', 'kept'])
  await choose()
  await tab.getByLabel('This tab has processes').selectOption('replace')
  await pressAndReload(tab, 'Import')
  expect(await tab.evaluate(() => glia.procs().map((proc) => proc.pid))).toContain(pid)
  expect(await names()).toEqual(['root', 'kept'])
})

test('an archive of a script is dropped on any view, is shown, and is imported after a yes', async ({ tab }) => {
  await spawn(tab, 'keeper', { name: 'kept' })
  const archive = await tab.evaluate(async () => {
    const { file, notes } = await glia.exportAll()
    return { bytes: [...new Uint8Array(await file.arrayBuffer())], notes }
  })
  expect(archive.notes).toEqual([])
  await tab.evaluate(() => void (location.hash = '#/charts'))
  await drop(tab, 'main', { 'All.GLIAALL': new Uint8Array(archive.bytes) })
  await expect(tab.getByText('It has 1 process: kept.')).toBeVisible()
  expect(await tab.evaluate(() => glia.procs().length)).toBe(2)
  await tab.getByRole('button', { name: 'Cancel' }).click()
  await drop(tab, 'main', { 'all.gliaall': new Uint8Array(archive.bytes) })
  await pressAndReload(tab, 'Import')
  expect(await tab.evaluate(() => glia.procs().map(({ name }) => name))).toEqual(['root', 'kept', 'kept'])
})

test('a script exports everything and imports it, or is told why not, and then nothing has changed', async ({
  tab,
}) => {
  const pid = await spawn(tab, 'keeper', { name: 'kept' })
  const refused = (file: string, options: object): Promise<unknown> =>
    tab.evaluate(
      async ([kind, given]) => {
        const all = kind === 'archive' ? (await glia.exportAll()).file : new Blob([kind])
        return tools.outcome(glia.importAll(kind === '' ? (7 as never) : all, given).then(() => 'imported'))
      },
      [file, options] as const,
    )
  expect(await refused('', {})).toMatchObject({ code: 'ERR_BAD_REQUEST' })
  expect(await refused('no archive', {})).toMatchObject({ message: expect.stringContaining('is no archive of Glia') })
  expect(await refused('archive', { placing: 'beside' })).toMatchObject({ message: expect.stringContaining('placing') })
  expect(await refused('archive', { identity: true })).toMatchObject({ message: 'The archive has no identity.' })
  expect(
    await tab.evaluate(() => tools.outcome(glia.exportAll({ identity: true }).then(({ name }) => name))),
  ).toMatchObject({ code: 'ERR_DENIED' })
  expect(await tab.evaluate(() => glia.procs().length)).toBe(2)
  await Promise.all([
    tab.waitForEvent('load'),
    tab.evaluate(async () => void glia.importAll((await glia.exportAll()).file, { placing: 'replace' })),
  ])
  await ready(tab)
  expect(await tab.evaluate(() => glia.procs().map((proc) => proc.pid))).toContain(pid)
  expect(await tab.evaluate(() => glia.procs().length)).toBe(2)
})

test('an import names the peers that may manage processes by the file, and asks', async ({ tab }) => {
  const peer = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf'
  const bytes = await tab.evaluate(async (id) => {
    await glia.setManager(id)
    const { file } = await glia.exportAll()
    await glia.setManager(id, false)
    return [...new Uint8Array(await file.arrayBuffer())]
  }, peer)
  const managers = () => tab.evaluate(() => glia.managers())
  const label = 'Let peers that the file names make, change and end all processes of this browser'
  await drop(tab, 'main', { 'all.gliaall': new Uint8Array(bytes) })
  await expect(tab.getByText(peer)).toBeVisible()
  await expect(tab.getByLabel(label)).not.toBeChecked()
  await expectNoFaults(tab)
  await pressAndReload(tab, 'Import')
  expect(await managers()).toEqual([])
  await drop(tab, 'main', { 'all.gliaall': new Uint8Array(bytes) })
  await tab.getByLabel(label).check()
  await pressAndReload(tab, 'Import')
  expect(await managers()).toEqual([peer])
  // Nobody is new now.
  await drop(tab, 'main', { 'all.gliaall': new Uint8Array(bytes) })
  await expect(tab.getByRole('button', { name: 'Import', exact: true })).toBeVisible()
  await expect(tab.getByLabel(label)).toHaveCount(0)
})
