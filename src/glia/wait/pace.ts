import { nextTask } from './next-task.ts'

/**
 * Pause after a turn, in ms. Timers of a page are no finer. A thread that is behind has its timers late, so it has more
 * time by itself; a longer pause would let those who wait miss their deadlines.
 */
const REST_MS = 4

interface Waiting {
  readonly isOver: () => boolean
  readonly go: () => void
}

/**
 * Gives turns, one after the other, to work that others cause and that nobody at this machine waits for. After each turn
 * the thread is left to all that waits for it, input and pictures included. So a crowd that comes at once is served in line, and a person's click is answered meanwhile.
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

  #pause(): Promise<void> {
    return this.#isFree() ? nextTask() : new Promise((resolve) => setTimeout(resolve, REST_MS))
  }
}
