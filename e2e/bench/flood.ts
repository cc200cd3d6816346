import { setTimeout as pause } from 'node:timers/promises'
import type { Page } from '@playwright/test'
import type { Host } from '../scale/hosts.ts'
import type { Called } from '../scale/messages.ts'
import { median, type Row } from './measure.ts'

/** Time between two clicks, in ms. */
const CLICK_MS = 250
/** Longest time that a click may take meanwhile, in ms: web.dev calls it good. */
const MOST_MS = 200
/** The views that are clicked in turns. */
const VIEWS = ['Settings', 'Processes']

/** How fast the page answers clicks while all peers call it at once for the first time, and what becomes of their calls. */
export async function flood(page: Page, hosts: readonly Host[]): Promise<Row[]> {
  // What Playwright does before a click takes turns of the page's thread, so it is done before.
  const places = await Promise.all(VIEWS.map((view) => placeOf(page, view)))
  const address = await page.evaluate(() => `/ww/0.1.0/${globalThis.glia.peerId}/root/echo`)
  await page.evaluate(() => void (globalThis.eventTimes = []))
  const began = performance.now()
  let isOver = false
  const calling = Promise.all(hosts.map((host) => host.call(address))).finally(() => (isOver = true))
  for (let i = 0; !isOver; i++) {
    const { x, y } = places[i % places.length] ?? { x: 0, y: 0 }
    // oxlint-disable-next-line no-await-in-loop -- one click after the other
    await page.mouse.click(x, y)
    // oxlint-disable-next-line no-await-in-loop
    await Promise.race([calling, pause(CLICK_MS)])
  }
  const called = await calling
  const seconds = (performance.now() - began) / 1000
  await page.waitForTimeout(CLICK_MS)
  const times = await page.evaluate(() => globalThis.eventTimes)
  const answered = called.flatMap(({ ms }) => ms)
  const failed = failuresOf(called)
  const peers = answered.length + failed.reduce((sum, [, count]) => sum + count, 0)
  process.stdout.write(
    `${answered.length} of ${peers} first calls were answered in ${seconds.toFixed(1)} s, half of them in ${Math.round(median(answered))} ms\n`,
  )
  for (const [why, count] of failed) process.stdout.write(`${count} failed: ${why}\n`)
  const what = `click while ${peers} peers call for the first time`
  const against = 'the most that it may take'
  return [
    { what: `${what}, p50`, unit: 'ms', glia: median(times), baseline: MOST_MS, against },
    { what: `${what}, longest`, unit: 'ms', glia: Math.max(0, ...times), baseline: MOST_MS, against },
    {
      what: 'first calls that were answered',
      unit: '',
      glia: answered.length,
      baseline: peers,
      against: 'all of them',
    },
  ]
}

async function placeOf(page: Page, view: string): Promise<{ x: number; y: number }> {
  const box = await page.getByRole('tab', { name: view }).boundingBox()
  if (!box) throw new Error(`There is no tab ${view}.`)
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
}

/** How many calls failed, by code and message of the error. */
function failuresOf(called: readonly Called[]): [why: string, count: number][] {
  const counts = new Map<string, number>()
  for (const { errors } of called)
    for (const [why, count] of Object.entries(errors)) counts.set(why, (counts.get(why) ?? 0) + count)
  return [...counts]
}
