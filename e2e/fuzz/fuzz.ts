import { isErrorCode } from '../../src/glia/errors.ts'
import { CENSUS_HEADS, cellsOf, differences, takeCensus } from '../census.ts'
import { Random } from '../random.ts'
import type { Outcome } from '../tab.ts'
import { table } from '../table.ts'
import type { WatchedTab } from '../watched-tab.ts'
import { type Attempt, attempt } from './attempt.ts'
import { type Corpus, mutate, type Mutant } from './mutate.ts'

export interface FuzzInit {
  corpus: Corpus
  count: number
  /** The first module's seed; each has the next. */
  seed: number
  /** Modules that are tried at once. */
  lanes?: number
  /** Told after each module how many there were. */
  onTried?(tried: number): void
}

export interface Failure extends Mutant {
  seed: number
  reason: string
}

export interface FuzzReport {
  passed: number
  failures: Failure[]
  /** What is there at the end that was not there at the start. */
  leaks: string[]
  /** Outcomes by error code, and what the tab held at the start and the end, for people. */
  summary: string
}

const LANES = 6

/**
 * Longest time of one module, in ms. A start may take 10 s until it is given up, and each of some twenty methods a third of a
 * second; the machine may be slow.
 */
const HANG_MS = 60_000

const MESSAGES = [
  '',
  'hello',
  'ww/0.1.0/self/root/echo\nhello',
  '/ww/0.1.0/self/root/echo /ww/0.1.0/self/root/about\nhello',
]

/** Puts mutated modules through the tab's `glia.spawn`. */
export async function fuzz(
  tab: WatchedTab,
  { corpus, count, seed, lanes = LANES, onTried }: FuzzInit,
): Promise<FuzzReport> {
  const before = await takeCensus(tab.page)
  const outcomes = new Map<string, number>()
  const failures: Failure[] = []
  let [next, passed, tried] = [seed, 0, 0]
  const lane = async (): Promise<void> => {
    while (next < seed + count && !tab.page.isClosed() && !tab.troubles.includes('The tab crashed.')) {
      const own = next++
      const mutant = mutate(corpus, own)
      const reason = await tryMutant(tab, mutant, own, outcomes)
      if (reason === undefined) passed += 1
      else failures.push({ ...mutant, seed: own, reason })
      onTried?.((tried += 1))
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  const after = await Promise.race([takeCensus(tab.page, before), tab.crashed]).catch(() => undefined)
  const counted = [...outcomes].sort(([, a], [, b]) => b - a).map(([what, times]) => [what, String(times)])
  const rows = [['', ...CENSUS_HEADS], ['start', ...cellsOf(before)], ...(after ? [['end', ...cellsOf(after)]] : [])]
  return {
    passed,
    failures,
    leaks: after ? differences(before, after) : [],
    summary: `${table([['outcome', 'times'], ...counted])}\n${table(rows)}`,
  }
}

/** @returns what is wrong, if anything is. */
async function tryMutant(
  { page, troubles, crashed }: WatchedTab,
  { bytes }: Mutant,
  seed: number,
  outcomes: Map<string, number>,
): Promise<string | undefined> {
  const noticed = troubles.length
  const count = (what: string): unknown => outcomes.set(what, (outcomes.get(what) ?? 0) + 1)
  const message = new Random(~seed).pick(MESSAGES)
  let timer: NodeJS.Timeout | undefined
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It took longer than ${HANG_MS} ms.`)), HANG_MS)
  })
  try {
    const ended = await Promise.race([page.evaluate(attempt, { bytes, message }), crashed, hang])
    count(`spawn: ${ended.spawned.code ?? 'process'}`)
    for (const { result } of ended.calls) count(`call: ${result}`)
    const wrong = whatIsWrong(ended)
    if (wrong !== undefined) return wrong
  } catch (thrown) {
    return String(thrown)
  } finally {
    clearTimeout(timer)
  }
  // Others were under way at the same time: it may have been one of them.
  return troubles.length > noticed ? troubles.slice(noticed).join('\n') : undefined
}

function whatIsWrong({ spawned, calls, killed }: Attempt): string | undefined {
  if (spawned.text === undefined && !isTold(spawned)) return `spawn failed with ${spawned.code}: ${spawned.message}`
  for (const { method, result } of calls) {
    // A method that is listed can be addressed; all but that and ERR_INTERNAL may come of a call.
    if (result === 'replied') continue
    if (!isErrorCode(result) || ['ERR_INTERNAL', 'ERR_BAD_ADDRESS', 'ERR_NO_METHOD', 'ERR_NO_PROC'].includes(result))
      return `a call of ${JSON.stringify(method)} failed with ${result}`
  }
  return killed === undefined || killed === 'killed' ? undefined : `after the kill: ${killed}`
}

/** Whether an error is one of Glia's, and says something. */
function isTold({ code, message = '' }: Outcome): boolean {
  return isErrorCode(code) && code !== 'ERR_INTERNAL' && /^\S.*[.”)]$/s.test(message)
}
