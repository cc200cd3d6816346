import { expect, type Page } from '@playwright/test'
import { expectNoFaults } from './axe.ts'
import { call, drop, local, ready, row, send, spawn, startSheet, test } from './tab.ts'

/** A row of the table of keys. */
function keyRow(tab: Page, key: string) {
  return tab.getByRole('table', { name: 'Keys' }).getByRole('row', { name: key })
}

async function show(tab: Page, part: string): Promise<void> {
  await tab
    .getByRole('navigation', { name: /^Parts of/ })
    .getByRole('link', { name: part })
    .click()
}

test('an actor with keys is made, called and looked at in the page, and each key goes on after a reload', async ({
  tab,
}) => {
  const counter = await tab.evaluate(async () => {
    const file = await fetch('/actors/counter.wasm')
    return new Uint8Array(await file.arrayBuffer())
  })
  await drop(tab, 'body', { 'counter.wasm': counter })
  const sheet = tab.getByRole('dialog')
  await sheet.getByText('Arguments, callers, limits').click()
  await sheet.getByLabel('One instance per key').check()
  await expect(sheet.getByLabel('What it has in memory', { exact: true })).toHaveValue('durable')
  await sheet.getByLabel('Keys', { exact: true }).fill('3')
  await sheet.getByLabel('A reply ends only when').check()
  await startSheet(tab)
  await row(tab, 'counter').getByRole('link', { name: 'counter' }).click()
  await expect(tab).toHaveURL(/#\/p\//)
  const pid = new URL(tab.url()).hash.split('/')[2] ?? ''
  const increment = (query: string) => send(tab, `/ww/0.1.0/self/${pid}/increment${query}`)

  const key = tab.getByLabel('Key', { exact: true })
  const message = tab.getByRole('textbox', { name: 'Message' })
  const reply = tab.getByRole('region', { name: 'Reply' })
  await tab.getByLabel('Method').selectOption('increment')
  await tab.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(key).toBeFocused()
  await expect(key).toHaveAccessibleDescription(/1 to 128 bytes/)
  await key.fill('alice')
  await message.fill('5')
  await tab.keyboard.press('Control+Enter')
  await expect(reply).toHaveText('5')
  await expect(tab.getByRole('combobox', { name: 'Address' })).toHaveValue(`/ww/0.1.0/self/${pid}:alice/increment`)
  await key.fill('bob')
  await message.fill('7')
  await tab.keyboard.press('Control+Enter')
  await expect(reply).toHaveText('7')
  expect(await increment('?key=alice')).toMatchObject({ status: 200, text: '6\n' })
  expect(await increment('?key=carol')).toMatchObject({ status: 200, text: '1\n' })
  expect(await increment('?key=dave')).toMatchObject({ status: 507 })
  expect(await increment('')).toMatchObject({ status: 400 })

  await tab.reload()
  await ready(tab)
  await show(tab, 'Keys')
  await expect(keyRow(tab, 'alice')).toContainText('not loaded')
  expect(await increment('?key=bob')).toMatchObject({ text: '8\n' })
  await expect(keyRow(tab, 'bob')).toContainText('idle')
  await expect(keyRow(tab, 'bob')).toContainText(/\d kB/)
  await expectNoFaults(tab, '.process-part')
  await tab.getByLabel('Filter keys').fill('ali')
  await expect(keyRow(tab, 'bob')).toHaveCount(0)
  await keyRow(tab, 'alice').getByRole('link', { name: 'alice' }).click()
  await expect(key).toHaveValue('alice')
  await tab.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(reply).toHaveText('7')
  await expectNoFaults(tab, '.process-part')

  await show(tab, 'Keys')
  await tab.getByRole('button', { name: 'Restart alice' }).click()
  await tab.getByLabel('Filter keys').fill('')
  await tab.getByRole('button', { name: 'Kill bob' }).click()
  await tab.getByRole('button', { name: 'Kill for good' }).press('Enter')
  await expect(keyRow(tab, 'bob')).toHaveCount(0)
  await expect(keyRow(tab, 'carol').or(keyRow(tab, 'alice')).and(tab.locator(':focus'))).toHaveCount(1)
  expect(await Promise.all(['alice', 'bob'].map((each) => increment(`?key=${each}`)))).toMatchObject([
    { text: '1\n' },
    { text: '1\n' },
  ])
  // The calls of all keys are those of the process, each with its key.
  await show(tab, 'Calls')
  const calls = tab.getByRole('table', { name: 'Recorded calls of the process' }).getByRole('row')
  await expect(calls.filter({ hasText: 'counter:bob' }).first()).toBeVisible()
  await calls.filter({ hasText: 'counter:alice' }).first().getByRole('link').click()
  await expect(tab.getByRole('heading', { level: 2 }).first()).toContainText('counter:alice increment')
  await expect(tab.getByRole('list', { name: 'Calls of this trace' })).toContainText('counter:alice increment')
  await tab.goBack()
  await tab.getByRole('link', { name: 'Processes', exact: true }).click()
  await expect(row(tab, 'counter')).toContainText('3 keys')
})

test('undo brings a killed actor back with its keys, and a file of it has them too', async ({ tab }) => {
  const pid = await spawn(tab, 'keeper', { key: true })
  const note = (of: string, key: string, text: string) => call(tab, local(`${of}:${key}`, 'note'), text)
  expect(await note(pid, 'alice', 'a')).toEqual({ text: '1 a | a' })
  expect(await note(pid, 'bob', 'b')).toEqual({ text: '1 b | b' })
  // A reload may lose what is not stored.
  await tab.evaluate((bob) => glia.checkpoint(bob), `${pid}:bob`)
  await tab.reload()
  await ready(tab)
  expect(await note(pid, 'alice', 'c')).toEqual({ text: '2 c a | ac' })
  await row(tab, 'keeper').click()
  await tab.getByRole('button', { name: 'Kill' }).click()
  await expect(row(tab, 'keeper')).toHaveCount(0)
  await tab.getByRole('button', { name: 'Undo' }).click()
  await expect(row(tab, 'keeper')).toBeVisible()
  expect(await note(pid, 'alice', 'd')).toEqual({ text: '3 d c a | acd' })
  expect(await note(pid, 'bob', 'd')).toEqual({ text: '2 d b | bd' })
  const copy = await tab.evaluate(async (whole) => glia.spawn(await glia.snapshot(whole), { name: 'copy' }), pid)
  expect(await note(copy, 'alice', 'e')).toEqual({ text: '4 e d c a | acde' })
  expect(await note(copy, 'bob', 'e')).toEqual({ text: '3 e d b | bde' })
  expect(await note(pid, 'bob', 'f')).toEqual({ text: '3 f d b | bdf' })
})
