import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../random.ts'
import { Tally } from './actors.ts'

/** A peer that is killed, and comes back with its actors. */
export interface Prey {
  /** Names of its actors. */
  readonly names: readonly string[]
  /** Has an actor count. Resolves to its reply; rejects if the peer is killed meanwhile. */
  call(name: string): Promise<string>
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
const MAX_LIFE_MS = 600

/** Kills a peer again and again at random moments while its actors count, each by one caller. */
export async function kills({ prey, times, random, tell }: KillsInit): Promise<Tally[]> {
  const tallies = prey.names.map((name) => new Tally(name))
  for (let done = 1; done <= times; done++) {
    let isAlive = true
    const counting = tallies.map(async (tally) => {
      while (isAlive) {
        tally.sent()
        // oxlint-disable-next-line no-await-in-loop -- one message after the other
        const reply = await prey.call(tally.name).catch(() => undefined)
        if (reply === undefined) return
        tally.answered(reply)
      }
    })
    // oxlint-disable-next-line no-await-in-loop -- the moment is what the run is about
    await pause(random.below(MAX_LIFE_MS))
    // oxlint-disable-next-line no-await-in-loop
    await prey.kill()
    isAlive = false
    // oxlint-disable-next-line no-await-in-loop
    await Promise.all(counting)
    // oxlint-disable-next-line no-await-in-loop
    await prey.restart()
    tell(done)
  }
  for (const tally of tallies) {
    tally.sent()
    // oxlint-disable-next-line no-await-in-loop
    tally.answered(await prey.call(tally.name))
  }
  return tallies
}
