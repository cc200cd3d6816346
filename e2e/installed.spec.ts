import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, type Locator, type Page } from '@playwright/test'
import { expectNoFaults } from './axe.ts'
import { guest } from './guests/guests.ts'
import { ROOT, staticServer } from './server.ts'
import { local, openTab, ready, row, spawn, stopServiceWorker, test } from './tab.ts'

/** A page that sends a form as the system does when another app shares something. */
const SENDER = `<!doctype html><meta charset="utf-8"><title>Another app</title>
<form method="post" action="share" enctype="multipart/form-data">
  <input name="title"><textarea name="text"></textarea><input name="url"><input type="file" name="files" multiple><button>Share</button>
</form>`

interface Shared {
  text?: string
  file?: { name: string; mimeType: string; buffer: Buffer }
}

/** Shares something while no page of the app is open and its service worker does not run. */
async function share(page: Page, url: string, { text = '', file }: Shared): Promise<void> {
  await page.goto(`${url}sender`)
  await page.locator('textarea').fill(text)
  if (file) await page.locator('input[type=file]').setInputFiles(file)
  await stopServiceWorker(page)
  await page.getByRole('button', { name: 'Share' }).click()
  await page.waitForURL(/#\/(shared|processes)/)
  await ready(page)
}

test('a module that is shared becomes a process, and a text or a file a message, as the person decides', async ({
  page,
}) => {
  const host = await staticServer('/glia/', { sender: SENDER })
  try {
    await openTab(page, host.url)
    await spawn(page, 'notes', { name: 'notes' })
    const wasm = { name: 'upper.wasm', mimeType: 'application/wasm', buffer: Buffer.from(await guest('notes')) }
    await share(page, host.url, { file: wasm })
    const sheet = page.getByRole('dialog')
    await expect(sheet.getByRole('heading', { name: 'upper' })).toBeVisible()
    await sheet.getByRole('button', { name: 'Start', exact: true }).click()
    await expect(row(page, 'upper')).toBeVisible()

    await share(page, host.url, { text: 'Grüße <b>' })
    await expect(page.locator('.shared pre')).toHaveText('Grüße <b>')
    await expectNoFaults(page)
    await page.getByLabel('Message to').selectOption('notes')
    await page.getByRole('button', { name: 'Use the text as the message' }).click()
    await expect(page.getByRole('complementary', { name: 'Console of notes' })).toBeVisible()
    await expect(page.getByRole('textbox', { name: 'Message' })).toHaveValue('Grüße <b>')

    const file = { name: 'numbers.csv', mimeType: 'text/csv', buffer: Buffer.from('1,2\n') }
    await share(page, host.url, { file })
    await page.getByRole('button', { name: 'Use numbers.csv as the message' }).click()
    await expect(page.locator('.console .file')).toContainText('numbers.csv')
    // It was taken, and is not there a second time.
    await page.goto(`${host.url}#/shared`)
    await expect(page.getByText('Nothing is waiting here.')).toBeVisible()
  } finally {
    await host.stop()
  }
})

/** Fields of several views, by the place that shows them. */
function fieldsOf(page: Page, pid: string): Record<string, { field: Locator; text: string }[]> {
  const field = (label: string, text: string) => ({ field: page.getByLabel(label, { exact: true }), text })
  return {
    '#/settings': [
      field('Relays, one multiaddr a line', '/dns4/relay'),
      field('Your name, as other peers see it', 'Ada'),
    ],
    '#/peers': [field('Connect to a multiaddr or a join link', '/dns4/peer')],
    '#/playground': [field('Name of the process', 'mine'), field('AssemblyScript', '// mine')],
    [`#/p/${pid}/policy`]: [field('Methods with callers of their own, one a line', 'go_take: browser')],
    [`#/p/${pid}/log`]: [field('Search the log', 'words')],
    '#/processes': [field('Filter processes', 'notes'), field('Message', 'not sent yet')],
  }
}

test('a newer version is noticed and offered; its reload waits for the running call, and what was typed stays', async ({
  page,
}) => {
  const files: Record<string, string> = {}
  const host = await staticServer('/', files)
  try {
    await openTab(page, host.url)
    const pid = await spawn(page, 'notes', { name: 'notes' })
    await row(page, 'notes').click()
    for (const [place, fields] of Object.entries(fieldsOf(page, pid))) {
      await page.evaluate((hash) => void (location.hash = hash), place)
      if (place.endsWith('policy')) await page.getByRole('button', { name: 'Change…' }).click()
      for (const { field, text } of fields) await field.fill(text)
    }
    const message = page.getByRole('textbox', { name: 'Message' })

    files['sw.js'] = `${await readFile(join(ROOT, 'dist/sw.js'), 'utf8')}\n// A newer version.\n`
    await page.context().setOffline(true)
    await page.context().setOffline(false)
    const notice = page.locator('.update')
    await expect(notice).toContainText('A newer version of Glia is ready.')
    await expectNoFaults(page)

    await page.evaluate(
      (address) => {
        Object.assign(globalThis, { stream: glia.open(address) })
      },
      local(pid, 'go_take'),
    )
    await expect(notice).toContainText('A call is running: a reload now would end it.')
    await notice.getByRole('button', { name: 'Reload when nothing runs' }).click()
    await expect(notice).toContainText('The page reloads when nothing runs.')
    await expect(message).toHaveValue('not sent yet')
    const reloaded = page.waitForEvent('load')
    await page.evaluate(async () => {
      const { stream } = globalThis as unknown as { stream: Promise<{ close(): Promise<void> }> }
      await (await stream).close()
    })
    await reloaded
    await ready(page)
    await expect(notice).toHaveCount(0)
    await expect(message).toHaveValue('not sent yet')
    await expect(page.getByRole('complementary', { name: 'Console of notes' })).toBeVisible()
    for (const [place, fields] of Object.entries(fieldsOf(page, pid))) {
      await page.evaluate((hash) => void (location.hash = hash), place)
      for (const { field, text } of fields) await expect(field).toHaveValue(text)
    }
  } finally {
    await host.stop()
  }
})

test('the app can be installed from the settings where the browser offers it, once', async ({ tab }) => {
  await tab.getByRole('tab', { name: 'Settings' }).click()
  await expect(tab.getByLabel('Relays, one multiaddr a line')).toBeVisible()
  const button = tab.getByRole('button', { name: 'Install' })
  await expect(button).toHaveCount(0)
  // A browser without a window never makes its offer.
  const isLeft = await tab.evaluate(() => {
    const prompt = (): Promise<void> => Promise.resolve(void (document.title = 'asked'))
    return dispatchEvent(Object.assign(new Event('beforeinstallprompt', { cancelable: true }), { prompt }))
  })
  expect(isLeft).toBe(false)
  await button.click()
  await expect(button).toHaveCount(0)
  expect(await tab.title()).toBe('asked')
})
