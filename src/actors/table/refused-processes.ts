import type { ProcessEntry } from './process-entry.ts'

/** Time until processes that the store did not take are given to it again, in ms. It doubles with each failure in a row. */
const RETRY_MS = 1000
/** But it doubles at most this many times. */
const MAX_DOUBLINGS = 6

export interface RefusedProcessesInit {
  /** Whether the process is still in the table. */
  has(entry: ProcessEntry): boolean
  /** Gives processes to the store. Never rejects. */
  put(entries: readonly ProcessEntry[]): Promise<void>
}

/** Processes that the store did not take as they are. It is given them again until it does. Loaded with the first one. */
export class RefusedProcesses {
  readonly #init: RefusedProcessesInit
  /** Those of one group are stored together, or none of them. */
  #groups: (readonly ProcessEntry[])[] = []
  /** Why the store did not take a process the last time. */
  readonly #reasons = new WeakMap<ProcessEntry, string>()
  #failuresInRow = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(init: RefusedProcessesInit) {
    this.#init = init
  }

  add(entries: readonly ProcessEntry[], message: string): void {
    for (const entry of entries) {
      if (this.#reasons.get(entry) !== message) {
        const lost = entry.persisted
          ? 'after a restart it is as it was before'
          : 'it will not come back after a restart'
        entry.log.add('error', `${message} The process runs, but ${lost}, unless it can be kept until then.`)
      }
      this.#reasons.set(entry, message)
    }
    const isKnown = this.#groups.some((group) => entries.every((entry) => group.includes(entry)))
    if (!isKnown) this.#groups.push(entries)
    this.#schedule()
  }

  stored(entry: ProcessEntry): void {
    this.#failuresInRow = 0
    if (this.#reasons.delete(entry)) entry.log.add('process', 'It is kept now.')
  }

  /** The peer stops: gives them to the store for the last time. Never rejects. */
  async finish(): Promise<void> {
    await this.#retry()
    clearTimeout(this.#timer)
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#groups.length === 0) return
    const waitMs = RETRY_MS * 2 ** Math.min(this.#failuresInRow, MAX_DOUBLINGS)
    this.#failuresInRow += 1
    this.#timer = setTimeout(() => void this.#retry(), waitMs)
  }

  async #retry(): Promise<void> {
    clearTimeout(this.#timer)
    const groups = this.#groups
    this.#groups = []
    // One that the store refuses once more does not keep the others out.
    for (const group of groups) {
      const there = group.filter((entry) => this.#init.has(entry))
      // oxlint-disable-next-line no-await-in-loop -- in the order in which they were made
      if (there.length > 0) await this.#init.put(there)
    }
    this.#timer = undefined
    this.#schedule()
  }
}
