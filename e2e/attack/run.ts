import buildApp from '../build.ts'
import { table } from '../table.ts'
import type { Attack } from './attack.ts'
import { withStage } from './stage.ts'
import { ATTACKS } from './trials/index.ts'

const USAGE = `usage: npm run attack [-- NAME …]

Plays hostile peers, pages and programs against a server and a tab of the built app, and looks whether honest callers are served as
before. NAME is one of: ${ATTACKS.map(({ name }) => name).join(', ')}. Without a name all are played.
`

interface Outcome {
  readonly name: string
  readonly trials: number
  readonly held: number
}

/** Says how it went; the last line is `passed` or `FAILED`. @returns Whether every trial held. */
export async function main(names: readonly string[]): Promise<boolean> {
  const unknown = names.filter((name) => !ATTACKS.some((attack) => attack.name === name))
  if (unknown.length > 0) {
    process.stderr.write(USAGE)
    return false
  }
  buildApp()
  const outcomes: Outcome[] = []
  for (const attack of ATTACKS) {
    // oxlint-disable-next-line no-await-in-loop -- each has the machine to itself
    if (names.length === 0 || names.includes(attack.name)) outcomes.push(await play(attack))
  }
  const rows = outcomes.map(({ name, trials, held }) => [name, String(trials), String(held), String(trials - held)])
  const passed = outcomes.every(({ trials, held }) => trials === held)
  const sum = (pick: (outcome: Outcome) => number): number =>
    outcomes.reduce((total, outcome) => total + pick(outcome), 0)
  const [trials, held] = [sum((outcome) => outcome.trials), sum((outcome) => outcome.held)]
  say(
    `\n${table([['attack', 'trials', 'held', 'broke'], ...rows, ['all', String(trials), String(held), String(trials - held)]])}`,
  )
  say(passed ? 'passed' : 'FAILED')
  return passed
}

async function play({ name, flags = [], trials }: Attack): Promise<Outcome> {
  let held = 0
  for (const { what, run } of trials) {
    const started = performance.now()
    // oxlint-disable-next-line no-await-in-loop -- one after the other, each on a fresh stage
    const broken = await withStage(flags, run).catch((thrown: unknown) => [`It could not be played: ${String(thrown)}`])
    const seconds = Math.round((performance.now() - started) / 1000)
    say(`${broken.length === 0 ? 'held ' : 'BROKE'}  ${name}: ${what} (${seconds} s)`)
    for (const sentence of broken) say(`       ${sentence}`)
    if (broken.length === 0) held += 1
  }
  return { name, trials: trials.length, held }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
