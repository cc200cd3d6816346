import { expect, type Page } from '@playwright/test'
import { test as withPeople } from './mesh.ts'
import { addressOf, addActor, drop, peerIdOf, spawn, test } from './tab.ts'

/** A picture of one pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

function message(tab: Page) {
  return tab.getByRole('textbox', { name: 'Message' })
}

function reply(tab: Page) {
  return tab.getByRole('region', { name: 'Reply' })
}

async function send(tab: Page): Promise<void> {
  await message(tab).press('Control+Enter')
}

function showAs(tab: Page, name: string) {
  return tab.getByRole('group', { name: 'Show as' }).getByRole('button', { name })
}

/** The console of root's echo. */
async function echo(tab: Page): Promise<void> {
  await tab.getByLabel('Method').selectOption('echo')
}

test('a message is text, hexadecimal or JSON, and what is wrong with it is said before it is sent', async ({ tab }) => {
  await echo(tab)
  await tab.getByLabel('What the text is').selectOption('Hex')
  await message(tab).fill('48 65 6c 6c 6')
  await send(tab)
  await expect(message(tab)).toHaveAccessibleDescription('A byte has two digits, and one of them is missing.')
  await message(tab).fill('48 65 6c 6c 6f')
  await send(tab)
  await expect(reply(tab)).toHaveText('Hello')
  await tab.getByLabel('What the text is').selectOption('JSON')
  await message(tab).fill('{"names": ["Ada", "Bob"]')
  await send(tab)
  await expect(message(tab)).toHaveAccessibleDescription(/not JSON/)
  await message(tab).fill('{"names": ["Ada", "Bob"]}')
  await send(tab)
  await expect(reply(tab)).toHaveText('{"names": ["Ada", "Bob"]}')
})

test('a reply is shown as text, JSON, hexadecimal or an image, and saved', async ({ tab }) => {
  await echo(tab)
  await message(tab).fill('{"names": ["Ada", "Bob"]}')
  await send(tab)
  await showAs(tab, 'JSON').click()
  await expect(reply(tab)).toContainText('0: "Ada"')
  await showAs(tab, 'Hex').click()
  await expect(reply(tab)).toContainText('7b 22 6e')
  await drop(tab, '#message', { 'dot.png': new Uint8Array(PNG) })
  await tab.getByRole('button', { name: 'Call', exact: true }).click()
  await showAs(tab, 'Image').click()
  const picture = tab.getByRole('img', { name: 'Reply, an image' })
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1)
  const saved = tab.waitForEvent('download')
  await tab.getByRole('button', { name: 'Save as a file' }).click()
  expect((await saved).suggestedFilename()).toBe('root-echo-reply.png')
})

test('arrow up brings earlier messages back, and arrow down what was typed', async ({ tab }) => {
  await echo(tab)
  for (const text of ['one', 'two']) {
    await message(tab).fill(text)
    await send(tab)
    await expect(reply(tab)).toHaveText(text)
  }
  await message(tab).fill('draft')
  await message(tab).press('ArrowUp')
  await expect(message(tab)).toHaveValue('two')
  await message(tab).press('ArrowUp')
  await expect(message(tab)).toHaveValue('one')
  await message(tab).press('ArrowDown')
  await message(tab).press('ArrowDown')
  await expect(message(tab)).toHaveValue('draft')
  await message(tab).fill('two\nlines')
  await message(tab).press('ArrowUp')
  await expect(message(tab)).toHaveValue('two\nlines')
})

test('an empty reply of a method is not shown as if all were well', async ({ tab }) => {
  await addActor(tab, 'diary')
  await tab.getByLabel('Method').selectOption('note')
  await send(tab)
  await expect(tab.locator('.call-line')).toContainText('no output arrived')
  await expect(tab.locator('.call-line .dot')).toHaveClass(/warn/)
})

test('the call is copied for a page, a shell, the command and Go', async ({ tab }) => {
  await tab.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  // The page itself may not read the clipboard, so what it writes is taken from it.
  await tab.evaluate(() => {
    navigator.clipboard.writeText = async (text) => void Object.assign(globalThis, { copied: text })
  })
  const copied = (): Promise<string> => tab.evaluate(() => (globalThis as unknown as { copied: string }).copied)
  await echo(tab)
  await message(tab).fill("it's")
  await tab.getByRole('button', { name: 'Copy as…' }).click()
  const peerId = await peerIdOf(tab)
  for (const [name, words] of [
    ['fetch', '/self/'],
    ['curl', `/${peerId}/`],
    ['glia call', 'glia call --gateway'],
    ['Go', 'http.Post('],
  ] as const) {
    await tab.getByRole('button', { name: `Copy as ${name}` }).click()
    await expect.poll(copied).toContain(words)
  }
})

withPeople('the address bar offers the processes of every peer, and calls them', async ({ ada, bob }) => {
  const pid = await spawn(bob, 'trouble', { name: 'bobs', policy: { listed: true } })
  await ada.waitForFunction(
    (id) => glia.peers().some(({ peerId, processes }) => peerId === id && processes),
    await peerIdOf(bob),
  )
  const bar = ada.getByRole('combobox', { name: 'Address' })
  // The peers that are connected are asked, also those that come while the person writes.
  await bar.click()
  await ada.evaluate((id) => glia.connect(id), await peerIdOf(bob))
  await bar.fill('bobs slurp')
  const option = ada.getByRole('option', { name: /bobs · slurp/ })
  await expect(option).toBeVisible()
  await bar.press('Enter')
  await expect(bar).toHaveValue(await addressOf(bob, 'slurp', pid))
  await message(ada).fill('hello')
  await send(ada)
  await expect(reply(ada)).toHaveText('5')
  await ada.getByLabel('Method').selectOption('echo')
  await expect(bar).toHaveValue(/\/self\/.+\/echo$/)
})
