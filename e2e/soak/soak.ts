import { CENSUS_HEADS, type Census, cellsOf, differences, takeCensus } from '../census.ts'
import { guest } from '../guests/guests.ts'
import type { WatchedTab } from '../watched-tab.ts'
import { type Lived, live, type SoakModules } from './life.ts'

export interface SoakInit {
  seed: number
  /** Each ends with a look at what the tab holds. */
  rounds: number
  roundMs: number
  /** Gets the heads of a table, then a row after each round. */
  onRow?(cells: readonly string[]): void
}

export interface SoakReport {
  /** How often what was done. */
  deeds: Map<string, number>
  /** What went otherwise than it has to, and what is left at the end. */
  wrong: string[]
}

/** Lives that go on at once. */
const LANES = 4
/** The browser compiles, caches and keeps some things for good at their first use: what is there after a while is the start. */
const WARM_UP_MS = 3000
/** How much the heap may be larger at the end than after the first of several rounds, in bytes. By then caches and logs, which are bounded, are nearly full. */
const HEAP_SLACK_BYTES = 3 * 1024 * 1024

/** Spawns, calls, traps, kills and so on, and sees that in the end all is as it was. */
export async function soak(tab: WatchedTab, { seed, rounds, roundMs, onRow }: SoakInit): Promise<SoakReport> {
  const modules = await readModules()
  const report: SoakReport = { deeds: new Map(), wrong: [] }
  let next = seed
  const round = async (ms: number): Promise<void> => {
    const lanes = Array.from({ length: LANES }, () => tab.page.evaluate(live, { modules, seed: next++, ms }))
    for (const lived of await Promise.race([Promise.all(lanes), tab.crashed])) add(report, lived)
  }
  await round(WARM_UP_MS)
  const before = await takeCensus(tab.page)
  onRow?.(['round', 'lives', ...CENSUS_HEADS])
  onRow?.(['start', '', ...cellsOf(before)])
  let after = before
  let filledBytes = before.heapBytes
  for (let i = 1; i <= rounds; i++) {
    await round(roundMs)
    after = await takeCensus(tab.page, before)
    if (i === 1 && rounds > 1) filledBytes = after.heapBytes
    onRow?.([String(i), String(report.deeds.get('spawn')), ...cellsOf(after)])
  }
  report.wrong.push(...tab.troubles, ...differences(before, after), ...heapGrowth(filledBytes, after))
  return report
}

function heapGrowth(filledBytes: number, after: Census): string[] {
  const growth = after.heapBytes - filledBytes
  return growth > HEAP_SLACK_BYTES ? [`The page's heap is ${growth} bytes larger than after the first round.`] : []
}

function add({ deeds, wrong }: SoakReport, lived: Lived): void {
  for (const [deed, times] of Object.entries(lived.deeds)) deeds.set(deed, (deeds.get(deed) ?? 0) + times)
  wrong.push(...lived.wrong)
}

async function readModules(): Promise<SoakModules> {
  const [trouble, duplex, diary, ask, greedy] = await Promise.all([
    guest('trouble'),
    guest('duplex'),
    guest('diary'),
    guest('ask'),
    guest('greedy'),
  ])
  return { trouble, duplex, diary, ask, greedy }
}
