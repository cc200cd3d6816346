import type { ActorPlace } from '../../glia/process/actor.ts'
import { seconds } from '../../glia/wait/deadline.ts'
import { GliaError } from '../../glia/errors.ts'
import type { Proc } from '../../glia/process/proc.ts'
import { counted } from '../../glia/counted.ts'

/** Workers that live at once. Chromium 156 holds about 124 live wasm memories per renderer. */
const LIVE_LIMIT = 100

/**
 * Memories that there may be, those of ended instances included. The engine collects a memory only when the worker
 * that made it can get no other, so the memories of ended instances are among the 124. The rest is for workers that are
 * just ending.
 */
const MEMORY_LIMIT = 116

/**
 * Memory that ended instances of one worker may hold, in bytes: 30 runs of a document converter made a renderer of 1.9
 * GB.
 */
const MAX_ENDED_BYTES = 512 * 1024 * 1024

/** Longest time between two tries after the browser has refused a memory, in ms. */
const RETRY_MS = 50
/**
 * Longest time that a program waits for a memory that the browser refuses, in ms. With a shorter deadline half of that.
 */
const MAX_RETRIES_MS = 10_000

interface Occupied {
  readonly proc: Proc
  /** Whether there is an instance. */
  live: boolean
  /** Instances that have ended. Their memories may still exist. */
  ended: number
  endedBytes: number
}

interface Waiting {
  readonly proc: Proc
  readonly place: PromiseWithResolvers<ActorPlace>
}

/** Counts the workers of a tab and their memories, and makes room for one more if a process can spare its own. */
export class LiveActors {
  readonly #procs: () => Iterable<Proc>
  readonly #limit: number
  readonly #places = new Set<Occupied>()
  /** In the order of arrival. */
  readonly #waiting: Waiting[] = []
  /** Resolves with the next change; undefined while nobody waits for one. */
  #changed: PromiseWithResolvers<void> | undefined
  #noticed = false

  constructor(procs: () => Iterable<Proc>, limit = LIVE_LIMIT) {
    this.#procs = procs
    this.#limit = limit
  }

  /**
   * Makes room for a worker of a process. A worker that takes the place of the old one may be over the limit meanwhile.
   * @throws {GliaError} ERR_LIVE_LIMIT
   */
  take(proc: Proc): ActorPlace {
    const place = this.#tryTake(proc)
    if (!place) throw this.#full()
    return place
  }

  /**
   * The same, and waits for a place as long as a process that has one may give it up, such as a command that runs.
   * Processes get places in the order in which they came.
   * @throws {GliaError} ERR_LIVE_LIMIT when no process will give its place up, or none has within the deadline of the
   * process; the signal's reason.
   */
  async enter(proc: Proc, signal: AbortSignal): Promise<ActorPlace> {
    signal.throwIfAborted()
    const free = this.#waiting.length === 0 ? this.#tryTake(proc) : undefined
    if (free) return free
    if (!this.#hasHope()) throw this.#full()
    const { deadlineMs } = proc.policy
    const waiting: Waiting = { proc, place: Promise.withResolvers() }
    this.#waiting.push(waiting)
    const giveUp = (reason: unknown): void => {
      const at = this.#waiting.indexOf(waiting)
      if (at === -1) return
      this.#waiting.splice(at, 1)
      waiting.place.reject(reason)
    }
    const late = setTimeout(() => giveUp(this.#full(`and none came free within ${seconds(deadlineMs)}`)), deadlineMs)
    const onAbort = (): void => giveUp(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    this.notice()
    try {
      return await waiting.place.promise
    } finally {
      clearTimeout(late)
      signal.removeEventListener('abort', onAbort)
    }
  }

  /**
   * A process has changed its state. Processes that wait for a place look again, once this task's work on it is done.
   */
  notice(): void {
    // Asked at each change of a state, and nearly always nobody waits.
    if (this.#noticed || (this.#waiting.length === 0 && !this.#changed)) return
    this.#noticed = true
    queueMicrotask(() => {
      this.#noticed = false
      this.#changed?.resolve()
      this.#changed = undefined
      this.#serveWaiting()
    })
  }

  #serveWaiting(): void {
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      const place = this.#tryTake(first.proc)
      if (!place && this.#hasHope()) return
      this.#waiting.shift()
      if (place) first.place.resolve(place)
      else first.place.reject(this.#full())
    }
  }

  #tryTake(proc: Proc): ActorPlace | undefined {
    const limit = proc.isLive ? this.#limit + 1 : this.#limit
    if (this.#places.size >= limit) this.#evictOne()
    if (this.#places.size >= limit) return undefined
    // A process that is swapped gives its old memory up when the new version runs.
    if (!this.#hasRoom(1) && !proc.isLive) return undefined
    // Counted from here, so that many starts at once cannot pass the limit together.
    const place: Occupied = { proc, live: true, ended: 0, endedBytes: 0 }
    this.#places.add(place)
    return {
      leave: () => {
        if (this.#places.delete(place)) this.notice()
      },
      instanceEnded: (memoryBytes) => {
        place.live = false
        place.ended += 1
        place.endedBytes += memoryBytes
        return !this.#hasRoom(0) || place.endedBytes > MAX_ENDED_BYTES
      },
      instanceBegins: () => {
        if (place.live) return true
        place.live = this.#hasRoom(1)
        return place.live
      },
      afterRefusal: (since) => this.#afterRefusal(place, since),
    }
  }

  async #afterRefusal({ proc }: Occupied, since: number): Promise<boolean> {
    if (performance.now() - since > Math.min(MAX_RETRIES_MS, proc.policy.deadlineMs / 2)) return false
    this.#evictOne()
    const over = Promise.withResolvers<void>()
    const timer = setTimeout(over.resolve, RETRY_MS)
    this.#changed ??= Promise.withResolvers()
    await Promise.race([this.#changed.promise, over.promise])
    clearTimeout(timer)
    return true
  }

  /**
   * Whether there is room for so many memories, after the idle processes that hold most of them have given up theirs.
   */
  #hasRoom(more: number): boolean {
    const isOver = (): boolean => this.#memories + more > MEMORY_LIMIT
    if (!isOver()) return true
    const holders = [...this.#places].filter(({ ended }) => ended > 0).sort((a, b) => b.ended - a.ended)
    for (const { proc } of holders) if (isOver()) proc.evict()
    return !isOver()
  }

  get #memories(): number {
    let sum = 0
    for (const { live, ended } of this.#places) sum += ended + Number(live)
    return sum
  }

  /** Whether a process may give up its place when its message has ended. */
  #hasHope(): boolean {
    for (const { proc } of this.#places) if (proc.mayGiveWay) return true
    return false
  }

  #evictOne(): void {
    let oldest: { proc: Proc; since: number } | undefined
    for (const proc of this.#procs()) {
      const since = proc.evictableSince
      if (since !== undefined && since < (oldest?.since ?? Infinity)) oldest = { proc, since }
    }
    oldest?.proc.evict()
  }

  #full(why = 'and none can be stopped without losing what it has in memory: kill one first'): GliaError {
    return new GliaError(
      'ERR_LIVE_LIMIT',
      `${counted(this.#places.size, 'process is', 'processes are')} running here already, ${why}.`,
    )
  }
}
