import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../random.ts'
import { Tally } from './actors.ts'

/** A peer that is killed, and comes back with its actors. */
export interface Prey {
  /** Names of its actors. */
  readonly names: readonly string[]
  /** Has an actor count, with a message that it had never. Resolves to its reply; rejects if the peer is killed meanwhile. */
  call(name: string, message: string): Promise<string>
  /** Ends it like a power cut of its process. */
  kill(): Promise<void>
  restart(): Promise<void>
  stop(): Promise<void>
}

export interface KillsInit {
  prey: Prey
  times: number
  random: Random
  /** Called after each kill. */
  tell(done: number): void
}

/** Longest time between a start and its kill, in ms. */
const MAX_LIFE_MS = 2_000

/** Kills a peer again and again at random moments while its actors count, each by one caller. */
export async function kills({ prey, times, random, tell }: KillsInit): Promise<Tally[]> {
  let messages = 0
  const next = (): string => String(++messages)
  const tallies = prey.names.map((name) => new Tally(name))
  for (let done = 1; done <= times; done++) {
    let isAlive = true
    const counting = tallies.map(async (tally) => {
      while (isAlive) {
        tally.sent()
        // oxlint-disable-next-line no-await-in-loop -- one message after the other
        const reply = await prey.call(tally.name, next()).catch((thrown: unknown) => {
          if (isAlive) tally.wrong.push(`${tally.name}: ${String(thrown)}`)
        })
        if (reply === undefined) return
        tally.answered(reply)
      }
    })
    // oxlint-disable-next-line no-await-in-loop -- the moment is what the run is about
    await pause(random.below(MAX_LIFE_MS))
    isAlive = false
    // oxlint-disable-next-line no-await-in-loop
    await prey.kill()
    // oxlint-disable-next-line no-await-in-loop
    await Promise.all(counting)
    // oxlint-disable-next-line no-await-in-loop
    await prey.restart()
    tell(done)
  }
  for (const tally of tallies) {
    tally.sent()
    // oxlint-disable-next-line no-await-in-loop
    const reply = await prey.call(tally.name, next()).catch((thrown: unknown) => void tally.wrong.push(String(thrown)))
    if (reply !== undefined) tally.answered(reply)
  }
  return tallies
}
