import { type ActorHost, startActorHost } from '../actor-host.ts'
import { guest } from '../guests/guests.ts'
import { Random } from '../random.ts'
import { inParallel, timesOf } from './in-parallel.ts'
import { memoryOf } from './memory-group.ts'

export interface KeysInit {
  keys: number
  /** How many of them live at once. */
  live: number
  seed: number
  tell(line: string): void
}

export interface KeysReport {
  /** Memory of the host without actors, with as many keys as may live, with all keys, and after all were called again. */
  emptyBytes: number
  liveBytes: number
  fullBytes: number
  endBytes: number
  /** Instances that live, when all keys were called. */
  live: number
  /** Times of single calls while nothing else runs, in ms, sorted: of a new key, a hibernated one, and a live one. */
  newMs: number[]
  wokenMs: number[]
  liveMs: number[]
  /** Time of the host from its start with all keys, after a `kill -9`, until it answers, in ms. */
  restartMs: number
  /** Keys that answered with anything but their own state. */
  wrong: string[]
}

/** Calls at a time while keys are made. */
const WIDTH = 8
/** Single calls that are timed. */
const TIMED = 200
const METHOD = 'note'

/** One process with many keys, of which few live at once: each has to answer with its own state. */
export async function manyKeys({ keys, live, seed, tell }: KeysInit): Promise<KeysReport> {
  const random = new Random(seed)
  // Before the host: a compiler holds this thread up, and meanwhile the host closes the connection.
  const module = await guest('keeper')
  const host = await startActorHost(['--live', String(live)])
  try {
    const bytes = (): number => memoryOf(host.pid()).bytes
    const emptyBytes = bytes()
    const policy = { maxKeys: keys, durable: 'before-reply' }
    const pid = await host.spawn(module, { name: 'keeper', key: true, policy })
    const names = Array.from({ length: keys }, (_, i) => `k${i}`)
    const wrong: string[] = []
    const told = new Map<string, string[]>()
    const ask = async (key: string, message: string): Promise<void> => {
      const notes = told.get(key) ?? []
      if (message !== '') notes.push(message)
      told.set(key, notes)
      const want = `${notes.length}${notes
        .map((note) => ` ${note}`)
        .toReversed()
        .join('')} | ${notes.join('')}`
      const reply = await host.send(`${pid}:${key}/${METHOD}`, message).catch(String)
      if (reply !== want) wrong.push(`${key}: ${reply}, and not ${want}`)
    }
    const first = (key: string): Promise<void> => ask(key, `${key}.`)
    const [before, timed] = [names.slice(0, -TIMED), names.slice(-TIMED)]
    await inParallel(before.slice(0, live), WIDTH, first)
    const liveBytes = bytes()
    tell(`${live} keys live`)
    await inParallel(before.slice(live), WIDTH, first)
    const newMs = await timesOf(timed, first)
    const fullBytes = bytes()
    tell(`${keys} keys were made`)
    // Those that were called last live.
    const cold = Array.from({ length: TIMED }, () => random.pick(before.slice(0, -live)))
    const wokenMs = await timesOf([...new Set(cold)], (key) => ask(key, 'again'))
    const recent = cold.at(-1) ?? ''
    const liveMs = await timesOf(
      Array.from({ length: TIMED }, () => recent),
      (key) => ask(key, ''),
    )
    await inParallel(names, WIDTH, (key) => ask(key, ''))
    const endBytes = bytes()
    tell(`${keys} keys were called again`)
    const { total, alive } = await counted(host, pid)
    if (total !== keys) wrong.push(`the host lists ${String(total)} keys, and not ${keys}`)
    await host.kill()
    const began = performance.now()
    await host.restart()
    const restartMs = performance.now() - began
    await inParallel(
      names.filter(() => random.below(10) === 0),
      WIDTH,
      (key) => ask(key, ''),
    )
    tell('a tenth of them was called after a kill -9')
    return { emptyBytes, liveBytes, fullBytes, endBytes, live: alive, newMs, wokenMs, liveMs, restartMs, wrong }
  } finally {
    await host.stop()
  }
}

/** How many keys a process has, and how many of their instances live. */
async function counted(host: ActorHost, pid: string): Promise<{ total: unknown; alive: number }> {
  let alive = 0
  let after: string | undefined
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one page after the other
    const { total, keys } = await host.order('keys', { pid, limit: 1000, after })
    const some = keys as { key: string; state: string }[]
    alive += some.filter(({ state }) => state !== 'cold' && state !== 'dead').length
    after = some.at(-1)?.key
    if (after === undefined) return { total, alive }
  }
}
