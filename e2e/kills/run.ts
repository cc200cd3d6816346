import buildApp from '../build.ts'
import { anySeed, Random } from '../random.ts'
import { hostPrey } from './host.ts'
import { kills } from './kills.ts'
import { tabPrey } from './tab.ts'

const USAGE = `usage: npm run kills [-- TIMES [host|tab] [SEED]]

Kills a host, and then a browser, TIMES (200) at random moments with SIGKILL, while stateful actors in C, Rust, Go and AssemblyScript count under
policy.durable: 'before-reply'. No count that was answered may be forgotten, and none be applied twice.
`

const PREY = { host: hostPrey, tab: tabPrey } as const

/** @returns whether nothing was forgotten and nothing applied twice */
export async function main([times = '200', only, given]: readonly string[]): Promise<boolean> {
  const count = Number(times)
  const seed = given === undefined ? anySeed() : Number(given)
  if (
    !Number.isSafeInteger(count) ||
    count < 1 ||
    (only !== undefined && !(only in PREY)) ||
    !Number.isSafeInteger(seed)
  ) {
    process.stderr.write(USAGE)
    return false
  }
  buildApp()
  let isGood = true
  for (const [name, make] of Object.entries(PREY)) {
    if (only !== undefined && only !== name) continue
    say(`${name}, from seed ${seed} on`)
    const prey = await make()
    try {
      const tell = (done: number): void => void (done % 20 === 0 && say(`  killed ${done} times`))
      const tallies = await kills({ prey, times: count, random: new Random(seed), tell })
      for (const { name: actor, answers, wrong } of tallies) {
        say(`  ${actor}: ${answers} messages answered, ${wrong.length} wrong`)
        for (const each of wrong) say(`    ${each}`)
        isGood &&= wrong.length === 0 && answers > 0
      }
    } finally {
      await prey.stop()
    }
  }
  say(isGood ? 'passed' : 'FAILED')
  return isGood
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
