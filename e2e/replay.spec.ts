import { readFile } from 'node:fs/promises'
import { expect, type Page } from '@playwright/test'
import { expectNoFaults } from './axe.ts'
import { changeNumber } from './guests/change-number.ts'
import { guest } from './guests/guests.ts'
import { choose, drop, local, openTab, spawn, test } from './tab.ts'

const SIZES = [
  { width: 1280, height: 800 },
  { width: 360, height: 740 },
]

test('a call is recorded, saved, and replayed with the same bytes in another browser', async ({ tab, browser }) => {
  const pid = await spawn(tab, 'chance')
  await tab.evaluate((of) => glia.call(of, 'before'), local(pid, 'sum'))
  await tab.evaluate((to) => void (location.hash = `#/p/${to}/calls`), pid)
  await tab.getByLabel('Record what its next calls read').check()
  await expect(tab.getByLabel('Record what its next calls read')).toBeChecked()
  const reply = await tab.evaluate(async (to) => [...(await glia.call(to))], local(pid, 'luck'))
  await tab.getByRole('link', { name: 'chance luck' }).click()
  const downloading = tab.waitForEvent('download')
  await tab.getByRole('button', { name: 'Save as a file' }).click()
  const download = await downloading
  expect(download.suggestedFilename()).toMatch(/^chance-luck-\w+\.gliacall$/)
  const file = await readFile(await download.path())
  // The recording outlives the page.
  await tab.reload()
  await expect(tab.getByRole('group', { name: 'Replay' }).getByRole('link', { name: 'Replay' })).toBeVisible()

  const context = await browser.newContext({ viewport: SIZES[0] ?? null })
  try {
    const other = await openTab(await context.newPage(), tab.url().replace(/#.*/, ''))
    await drop(other, 'body', { 'bug.gliacall': new Uint8Array(file) })
    await expect(other.getByText('The replay is the same as the recorded call.')).toBeVisible()
    const replayed = await other.evaluate(
      async (bytes) => [...(await glia.replay(new Blob([new Uint8Array(bytes)]))).reply],
      [...file],
    )
    expect(replayed).toEqual(reply)
    await expectGood(other)
  } finally {
    await context.close()
  }
})

test('a call that was not recorded says what is missing, and is recorded when it is run again', async ({ tab }) => {
  const pid = await spawn(tab, 'chance', { policy: { keepHeads: true } })
  await tab.evaluate((of) => glia.call(of, 'hello'), local(pid, 'sum'))
  await tab.evaluate((to) => void (location.hash = `#/p/${to}/calls`), pid)
  await tab.getByRole('link', { name: 'chance sum' }).click()
  const replay = tab.getByRole('group', { name: 'Replay' })
  await expect(replay).toContainText('what it read was not recorded')
  await replay.getByRole('button', { name: 'Record and run it again' }).click()
  // The page of the call that ran follows.
  await replay.getByRole('link', { name: 'Replay' }).click()
  await expect(tab.getByText('The replay is the same as the recorded call.')).toBeVisible()
  await expect(tab.getByLabel('Reply of the replay')).toHaveText('2 messages, sum 123456794')
  const fixed = changeNumber(await guest('chance'), 123_456_789, 123_456_780)
  await choose(tab, 'Choose a .wasm', 'fixed.wasm', fixed)
  await expect(tab.getByText('Byte 23 of the reply is the first that differs.')).toBeVisible()
  await expect(tab.getByText('Another module ran')).toBeVisible()
  await expectGood(tab)
})

/** At each size, in both themes. */
async function expectGood(page: Page): Promise<void> {
  for (const size of SIZES) {
    await page.setViewportSize(size)
    await expectNoFaults(page, 'main')
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
  }
}
