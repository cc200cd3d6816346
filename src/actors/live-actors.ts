import { GliaError } from '../glia/errors.ts'
import type { Proc } from '../glia/proc.ts'

/** Workers that live at once. Chromium holds about 124 live wasm memories per renderer (FACTS 2.6). */
const LIVE_LIMIT = 100

/** Counts the workers of a tab, and makes room for one more if a process can spare its own. */
export class LiveActors {
  readonly #procs: () => Iterable<Proc>
  readonly #limit: number
  #count = 0

  constructor(procs: () => Iterable<Proc>, limit = LIVE_LIMIT) {
    this.#procs = procs
    this.#limit = limit
  }

  /**
   * Makes room for a worker of a process; one that takes the place of its old one may be over the limit meanwhile.
   * @returns gives it back. Idempotent.
   * @throws {GliaError} ERR_LIVE_LIMIT
   */
  take(proc: Proc): () => void {
    const limit = proc.isLive ? this.#limit + 1 : this.#limit
    if (this.#count >= limit) this.#evictOne()
    if (this.#count >= limit) {
      throw new GliaError(
        'ERR_LIVE_LIMIT',
        `${this.#count} processes are running in this tab already, and none can be stopped without losing what it has in memory: kill one first.`,
      )
    }
    // Counted from here, so that many starts at once cannot pass the limit together.
    this.#count += 1
    let taken = true
    return () => {
      if (taken) this.#count -= 1
      taken = false
    }
  }

  #evictOne(): void {
    let oldest: { proc: Proc; since: number } | undefined
    for (const proc of this.#procs()) {
      const since = proc.evictableSince
      if (since !== undefined && since < (oldest?.since ?? Infinity)) oldest = { proc, since }
    }
    oldest?.proc.evict()
  }
}
