import type { Browser, Page } from '@playwright/test'
import { copyProcess } from '../copy-process.ts'
import { startRelay } from '../mesh.ts'
import { Host } from '../scale/hosts.ts'
import { spawnMany } from './calls.ts'
import { flood } from './flood.ts'
import { joined } from './joined.ts'
import { median, type Row } from './measure.ts'

const PROCESSES = 1000
const PEERS = 200
const CALLS_PER_SECOND = 100
/** Each has some of the peers. */
const HOSTS = 2
/** Times that each interaction is measured. */
const ROUNDS = 2
/** Time after which an interaction counts as impossible, in ms. */
const ACT_MS = 20_000
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

/**
 * How fast the page answers while 200 peers are on its relay, it has 1,000 processes, and it makes 100 calls a second; and
 * while all 200 call it at once.
 */
export async function busy(browser: Browser): Promise<Row[]> {
  const relay = await startRelay('--per-address', '1024')
  const hosts = Array.from({ length: HOSTS }, () => new Host())
  const context = await browser.newContext()
  try {
    await context.addInitScript(watchEvents)
    const page = await joined(context.newPage(), relay.url)
    await page.evaluate(spawnMany, { processes: 1 })
    await page.evaluate(copyProcess, { count: PROCESSES - 2, name: 'process ' })
    await page.reload()
    await joined(Promise.resolve(page), relay.url)
    say(`${await page.evaluate(() => globalThis.glia.procs().length)} processes are there`)
    await Promise.all(hosts.map((host) => host.join(PEERS / HOSTS, [[relay.tcp]])))
    // A tab keeps a sample of a large mesh.
    const known = await page.evaluate(() => globalThis.glia.peers().length)
    say(`${PEERS} peers have joined, and the page lists ${known} of them`)
    await page.evaluate((everyMs) => {
      setInterval(() => void globalThis.glia.call('/ww/0.1.0/self/root/echo', 'hello'), everyMs)
    }, 1000 / CALLS_PER_SECOND)
    page.setDefaultTimeout(ACT_MS)
    const times = new Map<string, number[]>()
    for (let round = 0; round < ROUNDS; round++) {
      for (const [what, act] of INTERACTIONS) {
        const ms = await timeOf(page, act)
        say(`${what}: ${ms} ms`)
        times.set(what, [...(times.get(what) ?? []), ms])
      }
    }
    const rate = await callRate(page)
    say(`${Math.round(rate)} calls a second were answered meanwhile`)
    const rows = [...times].map(([what, each]) => {
      const row = { what, unit: 'ms', glia: median(each), baseline: MOST_MS, against: 'the most that it may take' }
      return row
    })
    return [...rows, ...(await flood(page, hosts))]
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

function say(line: string): void {
  process.stdout.write(`${line}\n`)
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
