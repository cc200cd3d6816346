import type { Browser, CDPSession, Page } from '@playwright/test'
import { spawn } from '../tab.ts'
import { joined } from './joined.ts'
import { measure, type Row } from './measure.ts'

/** With this tab, the relay and root there are 200 nodes, and 1,000 edges. */
const PROCESSES = 197
const TIES = 801
/** Time of one measurement, in ms. */
const LOOK_MS = 2000
const REST_MS = 5000

declare global {
  /** Frames that the graph has drawn. */
  var graphFrames: number
}

/** The graph of 200 nodes and 1,000 edges: while all of them move, while nothing does, and while it is not seen. */
export async function graph(browser: Browser, url: string): Promise<Row[]> {
  const context = await browser.newContext()
  await context.addInitScript(countFrames)
  const page = await joined(context.newPage(), url)
  await addTies(page)
  await page.evaluate(() => void (location.hash = '#/graph'))
  await page.getByRole('application', { name: 'Graph of the mesh' }).waitFor()
  await page.waitForFunction(() => globalThis.graphFrames > 0)
  const session = await context.newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const blank = await (await browser.newContext()).newPage()
  await blank.goto(`${url}healthz`)
  const rows = [
    await measure({
      what: 'graph of 200 nodes and 1,000 edges, frames while all move',
      unit: '/s',
      glia: async () => (await moving(page, session)).framesPerSecond,
      baseline: () => emptyFrames(blank),
      against: 'frames of an empty page',
    }),
    await measure({
      what: 'main thread per frame while all move',
      unit: 'ms',
      glia: async () => (await moving(page, session)).msPerFrame,
      baseline: async () => 1000 / 60,
      against: 'a frame at 60 a second',
    }),
    await measure({
      what: 'main thread while nothing moves',
      unit: '%',
      glia: () => busyShare(page, session),
      baseline: async () => 2,
      against: 'the most that it may take',
    }),
  ]
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { get: () => true, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  })
  const before = await page.evaluate(() => globalThis.graphFrames)
  rows.push(
    await measure({
      what: 'main thread while the page is hidden',
      unit: '%',
      glia: () => busyShare(page, session),
      baseline: async () => 2,
      against: 'the most that it may take',
    }),
  )
  const frames = (await page.evaluate(() => globalThis.graphFrames)) - before
  if (frames > 0) throw new Error(`${frames} frames were drawn while the page was hidden.`)
  await Promise.all([context.close(), blank.context().close()])
  return rows
}

/** Processes that nobody has called, with watches and links among them. */
async function addTies(page: Page): Promise<void> {
  for (let i = 0; i < PROCESSES; i++) {
    // oxlint-disable-next-line no-await-in-loop -- each is stored
    await spawn(page, 'diary', { name: `process ${i}` })
  }
  await page.evaluate(async (ties) => {
    const pids = globalThis.glia.procs().flatMap(({ pid, name }) => (name === 'root' ? [] : [pid]))
    const at = (i: number): string => pids[i % pids.length] ?? ''
    for (let i = 0; i < ties; i++) {
      const far = 1 + Math.floor(i / pids.length) * 11
      if (i % 4 === 3) await globalThis.glia.link(at(i), at(i + far))
      else await globalThis.glia.watch(at(i), at(i + far), 'note')
    }
  }, TIES)
}

async function moving(page: Page, session: CDPSession): Promise<{ framesPerSecond: number; msPerFrame: number }> {
  await page.getByRole('button', { name: 'Arrange' }).click()
  const [busyBefore, before] = [await busySeconds(session), await drawn(page)]
  await page.waitForTimeout(LOOK_MS)
  const [busyAfter, after] = [await busySeconds(session), await drawn(page)]
  const frames = after.frames - before.frames
  return {
    framesPerSecond: frames / ((after.at - before.at) / 1000),
    msPerFrame: ((busyAfter - busyBefore) * 1000) / frames,
  }
}

function drawn(page: Page): Promise<{ frames: number; at: number }> {
  return page.evaluate(() => ({ frames: globalThis.graphFrames, at: performance.now() }))
}

function emptyFrames(page: Page): Promise<number> {
  return page.evaluate(
    (ms) =>
      new Promise<number>((resolve) => {
        const began = performance.now()
        let frames = 0
        const frame = (): void => {
          frames += 1
          const took = performance.now() - began
          if (took < ms) requestAnimationFrame(frame)
          else resolve(frames / (took / 1000))
        }
        requestAnimationFrame(frame)
      }),
    LOOK_MS,
  )
}

/** Share of one core that the main thread takes, in percent. */
async function busyShare(page: Page, session: CDPSession): Promise<number> {
  const before = await busySeconds(session)
  await page.waitForTimeout(REST_MS)
  return (((await busySeconds(session)) - before) / (REST_MS / 1000)) * 100
}

async function busySeconds(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics')
  return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN
}

/** For `addInitScript`. */
function countFrames(): void {
  globalThis.graphFrames = 0
  const { prototype } = CanvasRenderingContext2D
  prototype.setTransform = new Proxy(prototype.setTransform, {
    apply(setTransform, context, given) {
      globalThis.graphFrames += 1
      Reflect.apply(setTransform, context, given)
    },
  })
}
