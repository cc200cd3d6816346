import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { anySeed } from '../random.ts'
import { withWatchedTab } from '../watched-tab.ts'
import { readCorpus } from './corpus.ts'
import { type Failure, fuzz } from './fuzz.ts'
import { fuzzWire, WIRE_NAMES } from './wire.ts'

const USAGE = `usage: npm run fuzz [-- [NAME] [COUNT [SEED]]]

Without a NAME: puts COUNT mutated modules (10000) through glia.spawn in a page of the built app, in Chromium. The first is made from SEED (any), the
next from SEED + 1, and so on: "-- 1 SEED" makes a module again, as long as the modules that it is made of are the same.

session: runs COUNT random programs of calls (2000) between two sessions over a pipe that cuts, delays and breaks.
frames: feeds sessions with COUNT conversations (100000) that are damaged.
strangers: gives the readers of announcements, lists, addresses and join links COUNT texts (100000) that are damaged.
`

const COUNTS = { modules: 10_000, session: 2_000, frames: 100_000, strangers: 100_000 }

/** How often it is said how far it has come, in ms. */
const PROGRESS_MS = 10_000

/** Says how it went; the last line is as `10000/10000`. @returns whether all have passed, and nothing is left of them. */
export async function main(args: readonly string[]): Promise<boolean> {
  const name = WIRE_NAMES.find((each) => each === args[0])
  const [given = COUNTS[name ?? 'modules'], seedGiven, path] = name ? args.slice(1) : args
  const count = Number(given)
  const seed = seedGiven === undefined ? anySeed() : Number(seedGiven)
  if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed) || seed < 0) {
    process.stderr.write(USAGE)
    return false
  }
  if (name) return fuzzWire({ name, count, seed, path, say })
  return withWatchedTab(async (tab) => {
    const corpus = await readCorpus()
    say(`${count} modules from seed ${seed} on, made of ${[...corpus.keys()].join(', ')}`)
    let last = 0
    const onTried = (tried: number): void => {
      if (tried < count && performance.now() - last < PROGRESS_MS) return
      last = performance.now()
      say(`${tried} tried`)
    }
    const { passed, failures, leaks, summary } = await fuzz(tab, { corpus, count, seed, onTried })
    say(`\n${summary}`)
    for (const leak of leaks) say(`LEFT OVER ${leak}`)
    if (failures.length > 0) say(`The modules that failed are in ${save(failures)}`)
    say(`${passed}/${count}`)
    return passed === count && leaks.length === 0
  })
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** @returns where they are: each with its seed as its name, and a text that says what was wrong. */
function save(failures: readonly Failure[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'glia-fuzz-'))
  for (const { seed, bytes, story, reason } of failures) {
    say(`FAILED ${seed}: ${reason}`)
    writeFileSync(join(folder, `${seed}.wasm`), bytes)
    writeFileSync(join(folder, `${seed}.txt`), `npm run fuzz -- 1 ${seed}\n${story}\n${reason}\n`)
  }
  return folder
}
