import buildApp from '../build.ts'
import { anySeed } from '../random.ts'
import { lineOf } from '../table.ts'
import { runHibernated, runKeys } from './run-actors.ts'
import { scale, type ScaleReport } from './scale.ts'

const USAGE = `usage: npm run scale [-- PEERS… [--relays N] [--seconds N] [--seed N]]
       npm run scale -- keys [KEYS [LIVE]]
       npm run scale -- hibernated [PROCESSES [MIB]]

Puts PEERS (50 200) headless peers on N (1) joined relays of this machine, several to a process, and watches them for 30 seconds while
nobody calls. Then newcomers each call a peer of which they have only the id.

keys: one process with KEYS (10000) keys on a host, of which LIVE (100) live at once. Each answers with its own state.
hibernated: PROCESSES (1000) stateful processes on a host that has MIB (512) MiB of memory, and is killed. Each answers with its count.
`
const HEADS = ['peers', 'relays', 'heap/peer', 'RSS/peer', 'wire/peer', 'CPU/peer', 'lookup p50', 'kept', 'knows']
const WIDTHS = [5, 6, 9, 9, 10, 8, 10, 6, 12]

/** Figures to reach. */
const MOST = { heapBytes: 250_000, lookupMs: 300 }

/** Prints a line for each size. @returns whether all reservations were kept, all calls were answered, and the figures are reached */
export async function main(args: readonly string[]): Promise<boolean> {
  const [ofActors, ...numbers] = args
  if (ofActors === 'keys' || ofActors === 'hibernated') return runActors(ofActors, numbers.map(Number))
  const options = readOptions(args)
  if (!options) {
    process.stderr.write(USAGE)
    return false
  }
  const { sizes, relays, seconds, seed } = options
  buildApp()
  say(`from seed ${seed} on`)
  say(lineOf(HEADS, WIDTHS))
  let isGood = true
  for (const peers of sizes) {
    const report = await scale({ peers, relays, watchMs: seconds * 1000, seed })
    const p50 = report.lookupMs[Math.floor(report.lookupMs.length / 2)] ?? Infinity
    say(lineOf([String(peers), String(relays), ...cellsOf(report, peers, p50)], WIDTHS))
    for (const [why, count] of Object.entries(report.losses)) say(`  ${count} times: ${why}`)
    for (const [what, count] of Object.entries(report.refused)) say(`  ${count} refused: ${what}`)
    for (const error of report.errors) say(`  ${error}`)
    isGood &&= report.kept === peers && report.errors.length === 0
    isGood &&= p50 <= MOST.lookupMs && report.heapBytesPerPeer <= MOST.heapBytes
  }
  say(isGood ? 'passed' : 'FAILED')
  return isGood
}

async function runActors(what: 'keys' | 'hibernated', numbers: readonly number[]): Promise<boolean> {
  if (numbers.length > 2 || !numbers.every((each) => Number.isSafeInteger(each) && each > 0)) {
    process.stderr.write(USAGE)
    return false
  }
  const [first, second] = numbers
  return what === 'keys' ? runKeys(first ?? 10_000, second ?? 100) : runHibernated(first ?? 1000, second ?? 512)
}

function cellsOf(report: ScaleReport, peers: number, p50: number): string[] {
  const kB = (bytes: number): string => `${Math.round(bytes / 1000)} kB`
  return [
    kB(report.heapBytesPerPeer),
    kB(report.residentBytesPerPeer),
    `${Math.round(report.wireBytesPerPeer)} B/s`,
    `${(report.cpuPerPeer * 100).toFixed(3)} %`,
    `${Math.round(p50)} ms`,
    `${((100 * report.kept) / peers).toFixed(1)} %`,
    report.known.join('-'),
  ]
}

function readOptions(args: readonly string[]) {
  const given = { relays: 1, seconds: 30, seed: anySeed() }
  const sizes: number[] = []
  for (let i = 0; i < args.length; i++) {
    const name = args[i]?.replace(/^--/, '')
    const isFlag = name === 'relays' || name === 'seconds' || name === 'seed'
    const value = Number(isFlag ? args[++i] : args[i])
    if (!Number.isSafeInteger(value) || value < 1) return undefined
    if (isFlag) given[name] = value
    else sizes.push(value)
  }
  return { ...given, sizes: sizes.length > 0 ? sizes : [50, 200] }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
