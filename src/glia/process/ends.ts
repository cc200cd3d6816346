import type { Exit } from './exit.ts'

/** Ends that are kept: in records, for people, and for watchers who were away. */
const KEPT_ENDS = 20

/** The last ends of a process, and those who are told of the next ones. */
export class Ends {
  /** Oldest first. */
  list: readonly Exit[]
  readonly #listeners = new Set<(exit: Exit) => void>()

  /** @param kept The ends so far. */
  constructor(kept: readonly Exit[] = []) {
    this.list = kept
  }

  /** @returns the exit, with a later time than the one before. The clock may stand still, or go back. */
  add(exit: Exit): Exit {
    const noted = { ...exit, at: Math.max(exit.at, (this.list.at(-1)?.at ?? 0) + 1) }
    this.list = [...this.list, noted].slice(-KEPT_ENDS)
    for (const listener of this.#listeners) listener(noted)
    return noted
  }

  /** @param listener A function of its own for each call. @returns a function that stops the listening. */
  listen(listener: (exit: Exit) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
