import { nextTask } from './next-task.ts'

/** Shortest pause after a turn, in ms. Timers of a page are no finer. */
const REST_MS = 4
/** Longest pause for a thread that is behind, in ms. Whoever waits has a deadline, so some get a turn all the same. */
const MOST_BEHIND_MS = 40

interface Waiting {
  readonly isOver: () => boolean
  readonly go: () => void
}

/**
 * Gives turns, one after the other, to work that others cause and that nobody at this machine waits for. After each turn
 * the thread is left to all that waits for it, input and pictures included. A thread that is behind with that gets more
 * time. So a crowd that comes at once is served in line, and a person's click is answered meanwhile.
 */
export class Pace {
  readonly #waiting: Waiting[] = []
  readonly #isFree: () => boolean
  #isResting = false

  /** @param isFree Whether nobody looks at the thread, as at that of a hidden page. Then turns have no pauses. */
  constructor(isFree: () => boolean = () => false) {
    this.#isFree = isFree
  }

  /** How many wait for a turn. */
  get waiting(): number {
    return this.#waiting.length
  }

  /**
   * Waits for a turn. The first one of a crowd has it at once.
   * @param isOver Whether the turn is not wanted any more. Then it is passed on, and the wait ends.
   */
  turn(isOver: () => boolean): Promise<void> {
    if (!this.#isResting) {
      void this.#rest()
      return Promise.resolve()
    }
    return new Promise((go) => this.#waiting.push({ isOver, go }))
  }

  async #rest(): Promise<void> {
    this.#isResting = true
    do {
      // oxlint-disable-next-line no-await-in-loop -- one turn after the other
      await this.#pause()
    } while (this.#next())
    this.#isResting = false
  }

  /** @returns whether somebody has got the turn. */
  #next(): boolean {
    for (let first = this.#waiting.shift(); first; first = this.#waiting.shift()) {
      const isOver = first.isOver()
      first.go()
      if (!isOver) return true
    }
    return false
  }

  async #pause(): Promise<void> {
    if (this.#isFree()) return nextTask()
    const began = performance.now()
    await sleep(REST_MS)
    const behindMs = performance.now() - began - REST_MS
    if (behindMs >= 1) await sleep(Math.min(behindMs, MOST_BEHIND_MS))
    return undefined
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
