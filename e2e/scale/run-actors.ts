import buildApp from '../build.ts'
import { anySeed } from '../random.ts'
import { table } from '../table.ts'
import { manyProcesses } from './hibernated.ts'
import { shareOf } from './in-parallel.ts'
import { manyKeys } from './keys.ts'

const MiB = 1024 * 1024
/** Failures that are printed. */
const MAX_SHOWN = 20

/** @returns whether each key answered with its own state, and as many lived as may. */
export async function runKeys(keys: number, live: number): Promise<boolean> {
  const seed = anySeed()
  buildApp()
  say(`from seed ${seed} on`)
  const report = await manyKeys({ keys, live, seed, tell: (line) => say(`  ${line}`) })
  const rows = [
    ['', 'p50', 'p95'],
    timesRow('first message of a new key', report.newMs),
    timesRow('message that wakes a hibernated key', report.wokenMs),
    timesRow('message of a live key', report.liveMs),
  ]
  process.stdout.write(table(rows))
  say(`the host alone: ${mib(report.emptyBytes)}; with ${live} keys, all live: ${mib(report.liveBytes)}`)
  say(`with ${keys} keys: ${mib(report.fullBytes)}; after all were called again: ${mib(report.endBytes)}`)
  say(`${report.live} live; back ${ms(report.restartMs)} after a kill -9`)
  return verdict(report.wrong, report.live === Math.min(keys, live))
}

/** @returns whether all processes came back, and each answered with its own count. */
export async function runHibernated(processes: number, limitMiB: number): Promise<boolean> {
  buildApp()
  const limitBytes = limitMiB * MiB
  const report = await manyProcesses({ processes, limitBytes, tell: (line) => say(`  ${line}`) })
  const [first, second] = report.peakBytes
  say(`in ${report.languages.join(', ')}; the host's largest memory: ${mib(first)}, after the kill -9: ${mib(second)}`)
  if (report.groupPeakBytes === undefined) say(`this system gives no cgroup: the limit of ${limitMiB} MiB was not set`)
  else say(`held to ${limitMiB} MiB by a cgroup, of which it had ${mib(report.groupPeakBytes)} with cached files`)
  say(
    `back ${ms(report.restartMs)} after a kill -9, with ${mib(report.restartedBytes)}; listed in ${ms(report.listedMs)}`,
  )
  say(`all answered in ${ms(report.answeredMs)}`)
  return verdict(report.wrong, report.isLimited || Math.max(first, second) <= limitBytes)
}

function verdict(wrong: readonly string[], isGood: boolean): boolean {
  for (const each of wrong.slice(0, MAX_SHOWN)) say(`  ${each}`)
  if (wrong.length > MAX_SHOWN) say(`  and ${wrong.length - MAX_SHOWN} more`)
  const passed = isGood && wrong.length === 0
  say(passed ? 'passed' : 'FAILED')
  return passed
}

function timesRow(what: string, sorted: readonly number[]): string[] {
  return [what, ms(shareOf(sorted, 0.5)), ms(shareOf(sorted, 0.95))]
}

function mib(bytes: number): string {
  return `${Math.round(bytes / MiB)} MiB`
}

function ms(time: number): string {
  return `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
