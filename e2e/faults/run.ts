import { chromium } from '@playwright/test'
import { CHROMIUM_FLAGS, findChromium } from '../browser.ts'
import buildApp from '../build.ts'
import { anySeed, Random } from '../random.ts'
import { lineOf } from '../table.ts'
import { withWatchedTab } from '../watched-tab.ts'
import { type CellReport, runCell } from './cell.ts'
import { FAULTS } from './faults.ts'
import { storm } from './storm.ts'
import { WAYS } from './ways.ts'
import { type Place, startWorld } from './world.ts'

const USAGE = `usage: npm run faults [-- CALLS [SECONDS [SEED [ONLY]]]]

Calls a process in all ways (by script, HTTP, file, gateway, libp2p) while something goes wrong (pages, processes, relay, network):
CALLS (24) for each way and fault. What stops is stopped for SECONDS (15). Each call has to end once, with its own reply or an error
with a code, in time. Then 2,000 calls with keys, or ten times CALLS if that is less, while the service worker is stopped.
ONLY limits it to cells whose name has that text, as in 'relayed' or 'frozen'.
`

const HEADS = [
  'way',
  'place',
  'fault',
  'ok',
  'typed',
  'broke',
  'hang',
  'double',
  'cut',
  'wrong',
  'untyped',
  'longest',
  'back after',
]
const WIDTHS = [10, 11, 25, 5, 5, 5, 4, 6, 4, 5, 7, 8, 10]
const PLACES: readonly Place[] = ['own tab', 'sibling tab', 'relayed', 'direct']

/** Prints a line for each cell. @returns whether there was no hang, double, cut, wrong or untyped end. */
export async function main([
  callsGiven = '24',
  secondsGiven = '15',
  seedGiven,
  only = '',
]: readonly string[]): Promise<boolean> {
  const [calls, pauseSeconds] = [Number(callsGiven), Number(secondsGiven)]
  const seed = seedGiven === undefined || seedGiven === '' ? anySeed() : Number(seedGiven)
  if (![calls, pauseSeconds, seed].every((given) => Number.isSafeInteger(given) && given >= 0) || calls < 1) {
    process.stderr.write(USAGE)
    return false
  }
  buildApp()
  say(`${calls} calls a cell, from seed ${seed} on`)
  say(lineOf(HEADS, WIDTHS))
  let isGood = true
  for (const place of PLACES)
    isGood = (await runPlace(place, { calls, pauseMs: pauseSeconds * 1000, seed, only })) && isGood
  if ('storm'.includes(only)) isGood = (await runStorm(Math.min(2000, calls * 10), seed)) && isGood
  say(isGood ? 'passed' : 'FAILED')
  return isGood
}

interface PlaceInit {
  calls: number
  pauseMs: number
  seed: number
  only: string
}

/** Runs all ways and faults of one place. Each fault has a world of its own, so that it does not meet what another one left. */
async function runPlace(place: Place, { calls, pauseMs, seed, only }: PlaceInit): Promise<boolean> {
  const random = new Random(seed)
  let isGood = true
  for (const fault of FAULTS) {
    if (!fault.at.includes(place)) continue
    const ways = WAYS.filter((way) => way.place === place && `${way.name} ${place} ${fault.name}`.includes(only))
    if (ways.length === 0) continue
    const browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_FLAGS })
    try {
      const world = await startWorld(browser, place)
      for (const way of ways) {
        const report = await runCell(world, { way, fault, calls, pauseMs, random })
        say(lineOf([way.name, place, fault.name, ...cellsOf(report)], WIDTHS))
        const wrong = isWrong(report)
        if (wrong) for (const [detail, times] of report.details) say(`  ${times} times: ${detail}`)
        isGood &&= !wrong
      }
      await world.end()
    } catch (thrown) {
      say(`${place}, ${fault.name}: ${thrown instanceof Error ? (thrown.stack ?? '') : String(thrown)}`)
      isGood = false
    } finally {
      await browser.close()
    }
  }
  return isGood
}

function isWrong({ counts, double, recoveryMs }: CellReport): boolean {
  const { hang, cut, wrong, untyped } = counts
  return hang + cut + wrong + untyped + (double ?? 0) > 0 || recoveryMs === undefined
}

function cellsOf({ counts, double, longestMs, recoveryMs }: CellReport): string[] {
  const { ok, typed, broke, hang, cut, wrong, untyped } = counts
  const back = recoveryMs === undefined ? 'never' : seconds(recoveryMs)
  return [ok, typed, broke, hang, double ?? '-', cut, wrong, untyped, seconds(longestMs), back].map(String)
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

/** Calls with keys from one page, and as a measure a tenth as many without. */
async function runStorm(calls: number, seed: number): Promise<boolean> {
  return withWatchedTab(async ({ page }) => {
    const keyed = await storm(page, { calls, keyed: true, seed })
    say(`storm of ${calls} calls with keys: ${JSON.stringify(keyed)}`)
    const plain = await storm(page, { calls: Math.ceil(calls / 10), keyed: false, seed })
    say(`storm of ${Math.ceil(calls / 10)} calls without keys: ${JSON.stringify(plain)}`)
    return keyed.ok === calls && keyed.double === 0 && plain.wrong === 0 && plain.notRun === 0
  })
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
