import { GliaError } from '../glia/errors.ts'
import type { Proc } from '../glia/proc.ts'

/** Workers that live at once. Chromium holds about 124 live wasm memories per renderer (FACTS 2.6). */
const LIVE_LIMIT = 100

/**
 * Memories that there may be, those of ended instances counted: the engine collects them when it likes, in a worker that waits
 * never, and until then they are of the 124.
 */
const MEMORY_LIMIT = 116

/** What ended instances of one worker may hold, in bytes: 30 runs of a document converter made a renderer of 1.9 GB. */
const MAX_ENDED_BYTES = 512 * 1024 * 1024

/** A worker's place among those that live. */
export interface Place {
  /** Gives it back. Idempotent. */
  leave(): void
  /**
   * An instance in the worker has ended, with so much memory.
   * @returns whether the worker is to be ended after the message: nothing else takes its ended instances away for sure.
   */
  instanceEnded(memoryBytes: number): boolean
}

interface Occupied {
  proc: Proc
  memories: number
  endedBytes: number
}

/** Counts the workers of a tab, and makes room for one more if a process can spare its own. */
export class LiveActors {
  readonly #procs: () => Iterable<Proc>
  readonly #limit: number
  readonly #places = new Set<Occupied>()

  constructor(procs: () => Iterable<Proc>, limit = LIVE_LIMIT) {
    this.#procs = procs
    this.#limit = limit
  }

  /**
   * Makes room for a worker of a process; one that takes the place of its old one may be over the limit meanwhile.
   * @throws {GliaError} ERR_LIVE_LIMIT
   */
  take(proc: Proc): Place {
    const limit = proc.isLive ? this.#limit + 1 : this.#limit
    if (this.#places.size >= limit) this.#evictOne()
    if (this.#places.size >= limit) {
      throw new GliaError(
        'ERR_LIVE_LIMIT',
        `${this.#places.size} processes are running in this tab already, and none can be stopped without losing what it has in memory: kill one first.`,
      )
    }
    // Counted from here, so that many starts at once cannot pass the limit together.
    const place: Occupied = { proc, memories: 1, endedBytes: 0 }
    this.#places.add(place)
    this.#hasTooManyMemories()
    return {
      leave: () => void this.#places.delete(place),
      instanceEnded: (memoryBytes) => {
        place.memories += 1
        place.endedBytes += memoryBytes
        return this.#hasTooManyMemories() || place.endedBytes > MAX_ENDED_BYTES
      },
    }
  }

  /** Whether there are still, once the processes that hold most of them have given up theirs, as far as they lose nothing by it. */
  #hasTooManyMemories(): boolean {
    if (this.#memories <= MEMORY_LIMIT) return false
    const holders = [...this.#places].filter(({ memories }) => memories > 1).sort((a, b) => b.memories - a.memories)
    for (const { proc } of holders) if (this.#memories > MEMORY_LIMIT) proc.evict()
    return this.#memories > MEMORY_LIMIT
  }

  get #memories(): number {
    let sum = 0
    for (const { memories } of this.#places) sum += memories
    return sum
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
