import { setTimeout as pause } from 'node:timers/promises'
import { fields } from '../glia/untrusted.ts'
import { type HostOptions, order } from './order.ts'
import { complain, printJson, printRows, timeOf } from './print.ts'
import { counted } from '../glia/counted.ts'

/** How often `glia logs -f` asks for new lines, in ms. */
const FOLLOW_MS = 500

/** Prints the log of an actor; with `follow`, also what comes. */
export async function logs(pid: string, { follow, ...options }: HostOptions & { follow: boolean }): Promise<void> {
  let next: unknown
  let after: number | undefined
  /** Lines of that time that were printed. Others may come in the same millisecond. */
  let printed = 0
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    const { head } = await order(options, 'logs', { pid, from: after, next })
    const found = Array.isArray(head['lines']) ? head['lines'].map(fields) : []
    const { missed } = head
    // An older host numbers no lines, and a host that was started again has other numbers.
    const lines = typeof missed === 'number' ? found : found.slice(countOf(found, after, printed))
    if (typeof missed === 'number' && missed > 0) {
      complain(`${counted(missed, 'line is', 'lines are')} left out here: the host keeps the last ones only.`)
    }
    if (options.json) for (const line of lines) printJson(line)
    else printRows(lines.map(({ at, source, text }) => [timeOf(at), String(source), String(text)]))
    const last = lines.at(-1)?.['at']
    if (typeof last === 'number') {
      printed = (last === after ? printed : 0) + lines.filter(({ at }) => at === last).length
      after = last
    }
    next = head['next']
    if (!follow) return
    // oxlint-disable-next-line no-await-in-loop
    await pause(FOLLOW_MS)
  }
}

/** How many of the lines at the beginning were printed already: at most so many of that time. */
function countOf(lines: readonly Readonly<Record<string, unknown>>[], time: number | undefined, most: number): number {
  return Math.min(most, lines.filter(({ at }) => at === time).length)
}
