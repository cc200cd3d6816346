import buildApp from '../build.ts'
import { anySeed, Random } from '../random.ts'
import { lineOf, table } from '../table.ts'
import { withWatchedTab } from '../watched-tab.ts'
import { type CellReport, strikeOnce } from './cell.ts'
import { type Fault, FAULTS } from './faults.ts'
import { storm } from './storm.ts'
import { type Way, WAYS } from './ways.ts'
import { type Place, withWorld } from './world.ts'

const USAGE = `usage: npm run faults [-- CALLS [SECONDS [SEED [ONLY [WORLDS]]]]]

Calls a process in all ways (by script, HTTP, file, gateway, libp2p) while something goes wrong (pages, processes, relay, network):
CALLS (24) for each way and fault. What stops is stopped for SECONDS (15). Each call has to end once, with its own reply or an error
with a code, in time. "Back after" is the time from the end of the fault until a call goes well again.
Then 2,000 calls with keys, or ten times CALLS if that is less, while the service worker is stopped.
ONLY limits it to cells whose name has that text, as in 'relayed', 'frozen' or 'storm'. WORLDS (1) faults are tried at the same time,
each with a relay and browsers of its own.
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

interface Options {
  calls: number
  pauseMs: number
  seed: number
  only: string
  worlds: number
}

/** Prints a line for each cell. @returns whether there was no hang, double, cut, wrong or untyped end. */
export async function main(args: readonly string[]): Promise<boolean> {
  const options = readOptions(args)
  if (!options) {
    process.stderr.write(USAGE)
    return false
  }
  const { calls, seed, only, worlds } = options
  const rounds = planRounds(only)
  const hasStorm = 'storm'.includes(only)
  if (rounds.length === 0 && !hasStorm) {
    process.stderr.write(`No cell has “${only}” in its name. Ways: ${namesOf(WAYS)}. Faults: ${namesOf(FAULTS)}.\n`)
    return false
  }
  buildApp()
  say(`${calls} calls a cell, from seed ${seed} on`)
  say(lineOf(HEADS, WIDTHS))
  const totals = new Totals()
  const work = async (): Promise<void> => {
    for (let round = rounds.shift(); round; round = rounds.shift()) await play(round, options, totals)
  }
  await Promise.all(Array.from({ length: worlds }, work))
  say(totals.text())
  let { isGood } = totals
  if (hasStorm) isGood = (await runStorm(Math.min(2000, calls * 10), seed)) && isGood
  say(isGood ? 'passed' : 'FAILED')
  return isGood
}

function readOptions(args: readonly string[]): Options | undefined {
  const [calls = '', pauseSeconds = '', seedGiven = '', only = '', worlds = ''] = args
  const seed = seedGiven === '' ? anySeed() : Number(seedGiven)
  const numbers = [Number(calls || 24), Number(pauseSeconds || 15), seed, Number(worlds || 1)] as const
  if (args.length > 5 || !numbers.every((given) => Number.isSafeInteger(given) && given >= 0)) return undefined
  if (numbers[0] < 1 || numbers[3] < 1) return undefined
  return { calls: numbers[0], pauseMs: numbers[1] * 1000, seed, only, worlds: numbers[3] }
}

/** A fault that strikes once, in a world of its own, so that it does not meet what another one left. */
interface Round {
  place: Place
  fault: Fault
  ways: readonly Way[]
}

function namesOf(all: readonly { name: string }[]): string {
  return [...new Set(all.map(({ name }) => name))].join(', ')
}

function planRounds(only: string): Round[] {
  const rounds: Round[] = []
  for (const place of PLACES) {
    for (const fault of FAULTS.filter(({ at }) => at.includes(place))) {
      const ways = WAYS.filter((way) => way.place === place && `${way.name} ${place} ${fault.name}`.includes(only))
      if (ways.length > 0) rounds.push({ place, fault, ways })
    }
  }
  return rounds
}

async function play({ place, fault, ways }: Round, { calls, pauseMs, seed }: Options, totals: Totals): Promise<void> {
  try {
    const init = { ways, fault, calls, pauseMs, random: new Random(seed) }
    const reports = await withWorld(place, (world) => strikeOnce(world, init))
    for (const report of reports) {
      say(lineOf([report.way.name, place, fault.name, ...cellsOf(report)], WIDTHS))
      if (totals.add(report)) continue
      for (const [detail, times] of report.details) say(`  ${times} times: ${detail}`)
    }
  } catch (thrown) {
    totals.isGood = false
    // Playwright's errors have pages of logs behind the first lines.
    say(`${place}, ${fault.name}: ${String(thrown).slice(0, 500)}`)
  }
}

/** Of all cells together. */
class Totals {
  readonly #counts: Record<string, number> = {}
  /** For each fault the cell that took longest until calls worked again. */
  readonly #slowest = new Map<string, { ms: number; where: string }>()
  #cells = 0
  isGood = true

  /** @returns whether the cell is as it has to be */
  add({ way, fault, counts, double, recoveryMs }: CellReport): boolean {
    this.#cells += 1
    for (const [outcome, count] of Object.entries({ ...counts, double: double ?? 0 }))
      this.#counts[outcome] = (this.#counts[outcome] ?? 0) + count
    const ms = recoveryMs ?? Infinity
    if (ms > (this.#slowest.get(fault.name)?.ms ?? -1))
      this.#slowest.set(fault.name, { ms, where: `${way.name}, ${way.place}` })
    const { hang, cut, wrong, untyped } = counts
    const isGood = hang + cut + wrong + untyped + (double ?? 0) === 0 && recoveryMs !== undefined
    this.isGood &&= isGood
    return isGood
  }

  text(): string {
    const rows = [...this.#slowest].map(([fault, { ms, where }]) => [fault, seconds(ms), where])
    const counts = Object.entries(this.#counts).map(([outcome, count]) => `${count} ${outcome}`)
    return `\n${table([['fault', 'back after', 'the slowest'], ...rows])}\n${this.#cells} cells: ${counts.join(', ')}`
  }
}

function cellsOf({ counts, double, longestMs, recoveryMs }: CellReport): string[] {
  const { ok, typed, broke, hang, cut, wrong, untyped } = counts
  return [
    ok,
    typed,
    broke,
    hang,
    double ?? '-',
    cut,
    wrong,
    untyped,
    seconds(longestMs),
    seconds(recoveryMs ?? Infinity),
  ].map(String)
}

function seconds(ms: number): string {
  if (!Number.isFinite(ms)) return 'never'
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
