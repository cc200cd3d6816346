/**
 * `npm run bench`: what a call costs, each figure beside its baseline in the same run, in turns, so that a change in the
 * machine's speed meets both. The ratio is what to read; the table is printed and kept as JSON.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { ROOT, test } from '../server.ts'
import * as inPage from './in-page.ts'

interface Row {
  what: string
  unit: string
  glia: number
  baseline: number
  against: string
}

/** Times that each pair is measured; the medians are reported. */
const ROUNDS = 5

test('bench', async ({ browser, server }) => {
  // The baselines start workers of their own, which the page's policy forbids.
  const context = await browser.newContext({ bypassCSP: true })
  const page = await context.newPage()
  await page.goto(server.url)
  await page.evaluate(() => globalThis.glia.ready)
  const rows = [
    await pair(
      page,
      'local call, 32 bytes, p50',
      'µs',
      inPage.gliaCall,
      inPage.pingPong,
      'postMessage to a worker and back',
    ),
    await pair(
      page,
      'echo of 64 MiB',
      'MB/s',
      inPage.gliaEcho,
      inPage.transferEcho,
      'transferred ArrayBuffers to a worker and back',
    ),
    await pair(
      page,
      'spawn of counter',
      'ms',
      inPage.gliaSpawn,
      inPage.bareSpawn,
      'a bare worker that instantiates it',
    ),
    await pair(
      page,
      'HTTP call, 32 bytes, p50',
      'µs',
      inPage.httpCall,
      inPage.cachedFile,
      'fetch of a kept file through the service worker',
    ),
  ]
  process.stdout.write(table(rows))
  writeFileSync(join(ROOT, 'e2e/bench/results.json'), `${JSON.stringify(rows, null, 2)}\n`)
  await context.close()
})

async function pair(
  page: Page,
  what: string,
  unit: string,
  glia: () => Promise<number>,
  baseline: () => Promise<number>,
  against: string,
): Promise<Row> {
  const figures: { glia: number[]; baseline: number[] } = { glia: [], baseline: [] }
  for (let round = 0; round < ROUNDS; round++) {
    figures.glia.push(await page.evaluate(glia))
    figures.baseline.push(await page.evaluate(baseline))
  }
  return { what, unit, glia: median(figures.glia), baseline: median(figures.baseline), against }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

function table(rows: readonly Row[]): string {
  const cells = rows.map(({ what, unit, glia, baseline, against }) => [
    what,
    `${format(glia)} ${unit}`,
    `${format(baseline)} ${unit}`,
    `${(glia / baseline).toFixed(2)}x`,
    against,
  ])
  const all = [['', 'glia', 'baseline', 'ratio', 'baseline is'], ...cells]
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? []
  return `\n${all
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')}\n`
}

function format(value: number): string {
  return value < 10 ? value.toFixed(2) : String(Math.round(value))
}
