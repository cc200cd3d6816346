import type { Browser, Page } from '@playwright/test'
import { startRelay } from '../mesh.ts'
import { Host } from '../scale/hosts.ts'
import { spawnMany } from './calls.ts'
import { joined } from './joined.ts'
import { median, type Row } from './measure.ts'

const PROCESSES = 1000
const PEERS = 200
const CALLS_PER_SECOND = 100
/** Each has some of the peers. */
const HOSTS = 2
/** Times that each interaction is measured. */
const ROUNDS = 5
/** Longest time that an interaction may take, in ms: web.dev calls 200 good, and what feels immediate takes 100. */
const MOST_MS = 100
/** Time in which the browser reports what it has measured, in ms. */
const REPORT_MS = 300

declare global {
  /** Durations of the events since the last interaction began, in ms. */
  var eventTimes: number[]
}

/** What a person does on the page, and how. */
const INTERACTIONS: readonly (readonly [string, (page: Page) => Promise<void>])[] = [
  ...['Peers', 'Graph', 'Calls', 'Charts', 'Playground', 'Settings', 'Processes'].map(
    (view) => [`opens ${view}`, (page: Page) => page.getByRole('tab', { name: view }).click()] as const,
  ),
  ['types in the filter', (page) => page.getByLabel('Filter processes').pressSequentially('1f')],
  ['empties the filter', (page) => page.getByLabel('Filter processes').press('Escape')],
  ['sorts the processes', (page) => page.getByRole('columnheader', { name: 'Messages' }).getByRole('button').click()],
  ['opens a process', (page) => page.locator('tr[data-pid] a').first().click()],
  ['goes back to the list', (page) => page.getByRole('tab', { name: 'Processes' }).click()],
  ['opens the commands', (page) => page.keyboard.press('Control+k')],
  ['looks for a command', (page) => page.keyboard.type('root')],
  ['closes the commands', (page) => page.keyboard.press('Escape')],
]

/** How fast the page answers while 200 peers are there, 1,000 processes are listed, and 100 calls a second come in. */
export async function busy(browser: Browser): Promise<Row[]> {
  const relay = await startRelay('--per-address', '1024')
  const hosts = Array.from({ length: HOSTS }, () => new Host())
  const context = await browser.newContext()
  try {
    await context.addInitScript(watchEvents)
    const page = await joined(context.newPage(), relay.url)
    await page.evaluate(spawnMany, { processes: PROCESSES })
    await Promise.all(hosts.map((host) => host.join(PEERS / HOSTS, [[relay.tcp]])))
    await page.waitForFunction((most) => globalThis.glia.peers().length >= most, PEERS)
    const address = await page.evaluate(() => `/ww/0.1.0/${globalThis.glia.peerId}/root/echo`)
    await Promise.all(hosts.map((host) => host.call(address, CALLS_PER_SECOND / HOSTS)))
    const times = new Map<string, number[]>()
    for (let round = 0; round < ROUNDS; round++) {
      for (const [what, act] of INTERACTIONS) {
        times.set(what, [...(times.get(what) ?? []), await timeOf(page, act)])
      }
    }
    const rate = await callRate(page)
    process.stdout.write(`calls a second that were answered meanwhile: ${Math.round(rate)}\n`)
    return [...times].map(([what, each]) => {
      const row = { what, unit: 'ms', glia: median(each), baseline: MOST_MS, against: 'the most that it may take' }
      return row
    })
  } finally {
    await context.close()
    await Promise.all(hosts.map((host) => host.end()))
    await relay.stop()
  }
}

/** The longest event of an interaction, from the input to the next picture, in ms. */
async function timeOf(page: Page, act: (page: Page) => Promise<void>): Promise<number> {
  await page.evaluate(() => void (globalThis.eventTimes = []))
  await act(page)
  await page.waitForTimeout(REPORT_MS)
  return page.evaluate(() => Math.max(0, ...globalThis.eventTimes))
}

async function callRate(page: Page): Promise<number> {
  const messages = (): Promise<number> => page.evaluate(() => globalThis.glia.procs()[0]?.messages ?? 0)
  const before = await messages()
  await page.waitForTimeout(2000)
  return ((await messages()) - before) / 2
}

/** For `addInitScript`. Shorter events than 16 ms are not told, and count as 0. */
function watchEvents(): void {
  globalThis.eventTimes = []
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as PerformanceEventTiming[]) {
      if (entry.interactionId > 0) globalThis.eventTimes.push(entry.duration)
    }
  })
  observer.observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit)
}
