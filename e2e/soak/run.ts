import { anySeed } from '../random.ts'
import { lineOf, table } from '../table.ts'
import { withWatchedTab } from '../watched-tab.ts'
import { soak } from './soak.ts'

const USAGE = `usage: npm run soak [-- MINUTES [SEED]]

For MINUTES (10) processes are made, called in all ways, made to trap, exit and run out of memory, swapped, restarted and killed in a
page of the built app, in Chromium. Then workers, processes, stored rows, shared buffers and the page's heap have to be as at the start.
`

/** Says how it went, a line a minute; the last line is \`passed\` or \`FAILED\`. @returns whether it passed. */
export async function main([given = '10', seedGiven]: readonly string[]): Promise<boolean> {
  const minutes = Number(given)
  const seed = seedGiven === undefined ? anySeed() : Number(seedGiven)
  if (!Number.isSafeInteger(minutes) || minutes < 1 || !Number.isSafeInteger(seed) || seed < 0) {
    process.stderr.write(USAGE)
    return false
  }
  return withWatchedTab(async (tab) => {
    say(`${minutes} minutes from seed ${seed} on`)
    let widths: readonly number[] = []
    const onRow = (cells: readonly string[]): void => {
      if (widths.length === 0) widths = cells.map(({ length }) => Math.max(length, 6))
      say(lineOf(cells, widths))
    }
    const { deeds, wrong } = await soak(tab, { seed, rounds: minutes, roundMs: 60_000, onRow })
    say(`\n${table([['done', 'times'], ...[...deeds].map(([deed, times]) => [deed, String(times)])])}`)
    for (const line of wrong) say(`WRONG ${line}`)
    say(wrong.length === 0 ? 'passed' : 'FAILED')
    return wrong.length === 0
  })
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
