import type { Left, RecentMemories } from './recent-memories.ts'
import type { WholeSnapshot } from './snapshot.ts'
import type { Moment } from './stored-memory.ts'

/** What the last instance of a process had in memory, as the store has it, while the page has room for it. */
export class LeftMemory {
  #left: (Left & { moment: Moment; recent: RecentMemories }) | undefined

  /** Settles when the last instance has given what it has. Undefined: nothing is held. */
  get whenThere(): Promise<unknown> | undefined {
    return this.#left?.whole
  }

  /** @param moment When it was taken. @param whole Undefined: it could not be taken. Never rejects. */
  put(whole: Promise<WholeSnapshot | undefined>, moment: Moment, recent: RecentMemories): void {
    const left = {
      whole,
      moment,
      recent,
      forget: () => {
        if (this.#left === left) this.#left = undefined
      },
    }
    this.#left = left
    recent.hold(left)
  }

  /** For the next instance alone: whoever starts it gives it away. Never rejects. */
  async use(isCurrent: (moment: Moment) => boolean): Promise<WholeSnapshot | undefined> {
    const left = this.#left
    this.drop()
    const whole = await left?.whole
    return left && isCurrent(left.moment) ? whole : undefined
  }

  /** It is not what the process has in memory any more. */
  drop(): void {
    if (this.#left) this.#left.recent.drop(this.#left)
    this.#left = undefined
  }
}
