import { setTimeout } from 'node:timers/promises'
import type { Browser, CDPSession, Page } from '@playwright/test'
import { guest } from '../guests/guests.ts'
import { spawn } from '../tab.ts'
import * as baselines from './baselines.ts'
import * as calls from './calls.ts'
import { measure, median, p50, type Row } from './measure.ts'

/** Checkpoints in each run. */
const ROUNDS = 40

/** What it costs that a process keeps its memory: 1 MiB of it, all of which each message changes. */
export async function checkpoints(browser: Browser, url: string): Promise<Row[]> {
  const page = await freshPage(browser, url)
  const context = page.context()
  const session = await context.newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const memory = 'durable'
  const [durable, resident] = [await spawn(page, 'keeper', { policy: { memory } }), await spawn(page, 'keeper')]
  const store = (stored: boolean) => page.evaluate(calls.fillTimes, { pid: durable, rounds: ROUNDS, stored })
  await store(true)
  const rows = [
    await measure({
      what: 'checkpoint of 1 MiB: CPU time of the page’s thread',
      unit: 'µs',
      glia: async () => (await pageUs(session, () => store(true))) - (await pageUs(session, () => store(false))),
      baseline: () => pageUs(session, () => page.evaluate(baselines.storeTimes, { rounds: ROUNDS })),
      against: 'the page puts 1 MiB of a worker into IndexedDB',
    }),
    await measure({
      what: 'checkpoint of 1 MiB until it is stored for good',
      unit: 'ms',
      glia: async () => median(await store(true)),
      baseline: async () => median(await page.evaluate(baselines.storeTimes, { rounds: ROUNDS })),
      against: 'the same',
    }),
    await measure({
      what: 'call that changes nothing of a process that is kept, p50',
      unit: 'µs',
      glia: () => p50(page.evaluate(calls.callTimes, nothingOf(durable))),
      baseline: () => p50(page.evaluate(calls.callTimes, nothingOf(resident))),
      against: 'the same of one that is not kept',
    }),
    ...(await wakes(page)),
  ]
  await context.close()
  return [...rows, await storedWakes(await freshPage(browser, url))]
}

async function freshPage(browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext({ bypassCSP: true })
  const page = await context.newPage()
  // A view that does not change with the processes: each change would be drawn.
  await page.goto(`${url}#/settings`)
  await page.evaluate(() => globalThis.glia.served)
  return page
}

function nothingOf(pid: string) {
  return { address: `/ww/0.1.0/self/${pid}/nothing`, calls: 1300, warmUp: 200 }
}

/**
 * More processes than live at once, called in turn: each call hibernates one and wakes another. What the hibernated ones
 * had in memory is still on the page.
 */
const PROCESSES = 110
/** So many that it is not: it is read from the browser's storage. */
const MANY_PROCESSES = 140
/** Those of them that are called after a pause, and the pause in ms: nothing else is being started then. */
const ALONE = 10
const PAUSE_MS = 300

const method = 'fill'
const against = 'a spawn of the same module, and its first message'

/** Durable processes, each of which has had a message. */
async function keepers(page: Page, count: number) {
  const module = await guest('keeper')
  const pids: string[] = []
  for (let i = 0; i < count; i++) pids.push(await spawn(page, 'keeper', { policy: { memory: 'durable' } }))
  const fill = (): Promise<number[]> => page.evaluate(calls.methodTimes, { pids, method, pauseMs: 0 })
  await fill()
  const spawned = async (pauseMs: number): Promise<number> =>
    median(await page.evaluate(calls.spawnAndCallTimes, { module, method, pauseMs }))
  return { pids, fill, spawned }
}

async function wakes(page: Page): Promise<Row[]> {
  const { pids, fill, spawned } = await keepers(page, PROCESSES)
  const inTurn = await measure({
    what: 'hibernate one process and wake another, of 1 MiB each',
    unit: 'ms',
    glia: async () => median(await fill()),
    baseline: () => spawned(0),
    against,
  })
  const alone = await measure({
    what: 'the same after a pause',
    unit: 'ms',
    glia: async () => {
      // Those that were called longest ago are hibernated.
      const cold = pids.splice(0, ALONE)
      pids.push(...cold)
      return median(await page.evaluate(calls.methodTimes, { pids: cold, method, pauseMs: PAUSE_MS }))
    },
    baseline: () => spawned(PAUSE_MS),
    against: `${against}, after a pause`,
  })
  return [inTurn, alone]
}

/** In a context of its own: the last ten snapshots of all of them together take much of what a site may store. */
async function storedWakes(page: Page): Promise<Row> {
  const { fill, spawned } = await keepers(page, MANY_PROCESSES)
  const row = await measure({
    what: 'the same in turn of so many that it is read from storage',
    unit: 'ms',
    glia: async () => median(await fill()),
    baseline: () => spawned(0),
    against,
  })
  await page.context().close()
  return row
}

/** CPU time of the page's thread for one of the rounds, in µs, without what the page does in any case meanwhile. */
async function pageUs(session: CDPSession, run: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  const before = await threadSeconds(session)
  await run()
  const after = await threadSeconds(session)
  await setTimeout(performance.now() - began)
  const idle = (await threadSeconds(session)) - after
  return ((after - before - idle) / ROUNDS) * 1e6
}

async function threadSeconds(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics')
  return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN
}
