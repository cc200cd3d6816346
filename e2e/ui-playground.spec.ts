import { readFile } from 'node:fs/promises'
import { expect } from '@playwright/test'
import { clangVersion } from '../src/build/clang.ts'
import { expectNoFaults } from './axe.ts'
import { ready, test } from './tab.ts'

/** The compiler has 13 MB: a busy machine takes a while to load it. */
const LOADED = { timeout: 60_000 }

const PHONE = { width: 360, height: 740 }

test('an actor is written, mended, built, called, changed and shared, without a toolchain', async ({ tab }) => {
  test.slow()
  const broken: string[] = []
  tab.on('console', (message) => {
    if (/Content.Security.Policy|Trusted/i.test(message.text())) broken.push(message.text())
  })
  await tab.evaluate(() => void (location.hash = '#/playground'))
  const text = tab.getByLabel('AssemblyScript')
  await tab.getByLabel('Begin with').selectOption('upper')
  await expect(text).toHaveValue(/toUpperCase/)
  const first = await text.inputValue()
  await tab.getByLabel('Name of the process').fill('loud')
  await text.fill(first.replace('message()', 'massage()'))
  const build = tab.getByRole('button', { name: 'Build', exact: true })
  await build.press('Enter')
  await expect(tab.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await expect(tab.getByText("Error: Cannot find name 'massage'.")).toBeVisible(LOADED)
  await expect(build).toBeFocused()
  await expectNoFaults(tab)
  await tab.setViewportSize(PHONE)
  const widths = ['Begin with', 'Name of the process'].map((label) =>
    tab.getByLabel(label).evaluate((box) => box.getBoundingClientRect().width),
  )
  expect(new Set(await Promise.all(widths)).size).toBe(1)
  expect(await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
  await expectNoFaults(tab)
  await tab.setViewportSize({ width: 1280, height: 800 })

  await tab.getByRole('button', { name: 'Line 4, column 9' }).click()
  await expect(text).toBeFocused()
  expect(
    await text.evaluate(
      (box: HTMLTextAreaElement) => getSelection()?.toString() || box.value.slice(box.selectionStart, box.selectionEnd),
    ),
  ).toBe('massage')
  await tab.keyboard.type('message')
  await expect(text).toHaveValue(first)
  await tab.keyboard.press('Tab')
  await expect(text).toHaveValue(first.replace('message()', 'message  ()'))
  await tab.keyboard.press('Escape')
  await tab.keyboard.press('Tab')
  await expect(text).not.toBeFocused()
  await text.press('Control+Enter')
  await expect(tab.getByText(/^loud runs: /)).toBeVisible()
  // The process has its name.
  await expect(tab.getByLabel('Name of the process')).toBeDisabled()
  await expect(tab.getByLabel('Name of the process')).toHaveValue('loud')

  await tab.getByRole('textbox', { name: 'Message' }).fill('hello')
  await tab.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(tab.getByRole('region', { name: 'Reply' })).toHaveText('HELLO')
  const pids = () =>
    tab.evaluate(() =>
      glia
        .procs()
        .filter(({ name }) => name === 'loud')
        .map(({ pid }) => pid),
    )
  const [pid] = await pids()

  // The text and its process survive a reload, and the next build replaces the module.
  await tab.reload()
  await ready(tab)
  await text.fill((await text.inputValue()).replace('toUpperCase()', "toUpperCase() + '!'"))
  await tab.getByRole('button', { name: 'Build and replace' }).click()
  await expect(tab.getByText(/^loud runs the new text: /)).toBeVisible(LOADED)
  await tab.getByRole('textbox', { name: 'Message' }).fill('hello')
  await tab.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(tab.getByRole('region', { name: 'Reply' })).toHaveText('HELLO!')
  expect(await pids()).toEqual([pid])
  const saved = tab.waitForEvent('download')
  await tab.getByRole('button', { name: 'Download .wasm' }).click()
  const bytes = await readFile(await (await saved).path())
  expect(WebAssembly.validate(bytes)).toBe(true)
  await expectNoFaults(tab)
  await tab.getByRole('button', { name: 'Share', exact: true }).click()
  await expect(tab.getByRole('dialog', { name: 'Share loud' })).toBeVisible()
  await tab.keyboard.press('Escape')

  // It calls another process with the right that its template gives it.
  await tab.getByLabel('Begin with').selectOption('ask')
  await tab.getByRole('button', { name: 'Build', exact: true }).click()
  await expect(tab.getByText(/^ask runs: /)).toBeVisible()
  await tab.getByRole('textbox', { name: 'Message' }).fill('who is there')
  await tab.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(tab.getByRole('region', { name: 'Reply' })).toHaveText('root says: who is there')
  expect(broken).toEqual([])
})

test('a build that takes too long is cancelled, and the next one works', async ({ tab }) => {
  test.slow()
  let release = (): void => undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  await tab.route('**/compiler-worker-*', async (route) => {
    await held
    await route.continue()
  })
  await tab.evaluate(() => void (location.hash = '#/playground'))
  await tab.getByRole('button', { name: 'Build' }).click()
  await tab.getByRole('button', { name: 'Cancel' }).click()
  await expect(tab.getByRole('button', { name: 'Build' })).toBeEnabled()
  expect(await tab.evaluate(() => glia.procs().length)).toBe(1)
  release()
  await tab.getByRole('button', { name: 'Build' }).click()
  await expect(tab.getByText(/^echo runs: /)).toBeVisible(LOADED)
})

test('an actor in C is written, mended, built and called', async ({ tab }) => {
  test.skip((await clangVersion()) === undefined, 'there is no C compiler')
  test.slow()
  await tab.evaluate(() => void (location.hash = '#/playground'))
  await tab.getByLabel('Begin with').selectOption('upper-c')
  const text = tab.getByLabel('C', { exact: true })
  const first = await text.inputValue()
  await text.fill(first.replace('message()', 'massage()'))
  await tab.getByRole('button', { name: 'Build' }).click()
  await expect(tab.getByText(/^Loading the compiler: /)).toBeVisible()
  await expect(tab.getByText(/^Error: call to undeclared function 'massage'/)).toBeVisible(LOADED)
  await tab.getByRole('button', { name: 'Line 6, column 16' }).click()
  await tab.keyboard.type('message')
  await expect(text).toHaveValue(first)
  await text.press('Control+Enter')
  await expect(tab.getByText(/^upper-c runs: /)).toBeVisible(LOADED)
  await tab.getByRole('textbox', { name: 'Message' }).fill('hello from c')
  await tab.getByRole('button', { name: 'Call', exact: true }).click()
  await expect(tab.getByRole('region', { name: 'Reply' })).toHaveText('HELLO FROM C')
})

test('a server without clang says how to have it', async ({ tab }) => {
  await tab.route('**/clang/*', (route) => route.fulfill({ status: 404 }))
  await tab.evaluate(() => void (location.hash = '#/playground'))
  await tab.getByLabel('Begin with').selectOption('words-c')
  await tab.getByRole('button', { name: 'Build' }).click()
  await expect(tab.getByRole('alert')).toContainText('npx -p glia -p @yowasp/clang glia')
})
