declare function setImmediate(run: () => void): unknown

type Run = () => void

interface Timer {
  at: number
  run: Run
  /** Whether it was set by `setTimeout`, and not by the test. */
  isReal: boolean
}

/** Of so many tasks, one comes later than the next timer, as if the thread had been busy for up to so many ms. */
const BUSY = 16
const BUSY_MS = 50

/**
 * A world without real time. It replaces timers, `performance.now` and `MessageChannel`, and runs one thing after the
 * other: of what is due it picks one at random, by a seed. Where nothing is due, its clock jumps to the next timer. So
 * the same seed gives the same run, and hours take milliseconds.
 */
export class World {
  /** Time since the start, in ms. */
  now = 0
  readonly #timers = new Map<number, Timer>()
  #lastTimer = 0
  #due: Run[] = []
  #seed: number

  constructor(seed: number) {
    // 0 would stay 0.
    this.#seed = (seed % 2_147_483_646) + 1
  }

  /** Timers that were set by `setTimeout`. */
  get timers(): number {
    let count = 0
    for (const { isReal } of this.#timers.values()) if (isReal) count += 1
    return count
  }

  /** Runs something as a task of its own, in no order with others. */
  soon(run: Run): void {
    this.#due.push(run)
  }

  after(ms: number, run: Run, isReal = false): number {
    this.#timers.set((this.#lastTimer += 1), { at: this.now + ms, run, isReal })
    return this.#lastTimer
  }

  async pause(ms: number): Promise<void> {
    if (ms > 0) await new Promise<void>((resolve) => this.after(ms, resolve))
  }

  /** Runs everything. @param look Called before each task. @returns whether it ends: nothing is due, and no timer runs. */
  async settle(untilMs: number, look?: () => void): Promise<boolean> {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- promises that can settle do so before the next task
      await new Promise<void>((resolve) => setImmediate(resolve))
      look?.()
      const run = this.#take() ?? this.#ring()
      if (!run) return true
      if (this.now > untilMs) return false
      run()
    }
  }

  /** Puts the world in the place of the real one until the work is done. */
  async live<T>(work: () => Promise<T>): Promise<T> {
    const replaced = ['setTimeout', 'clearTimeout', 'MessageChannel'] as const
    const before = replaced.map((name) => [name, Reflect.get(globalThis, name)] as const)
    const real = performance.now
    Object.assign(globalThis, {
      setTimeout: (run: Run, ms = 0) => this.after(ms, run, true),
      clearTimeout: (timer: number | undefined) => timer !== undefined && this.#timers.delete(timer),
      MessageChannel: this.#channelClass(),
    })
    performance.now = () => this.now
    try {
      return await work()
    } finally {
      Object.assign(globalThis, Object.fromEntries(before))
      performance.now = real
    }
  }

  /** Of what is due, one at random; now and then the next timer is first. */
  #take(): Run | undefined {
    if (this.#due.length === 0) return undefined
    this.#seed = (this.#seed * 48_271) % 2_147_483_647
    if (this.#seed % BUSY === 0 && (this.#next?.[1].at ?? Infinity) <= this.now + BUSY_MS) return undefined
    return this.#due.splice(this.#seed % this.#due.length, 1)[0]
  }

  get #next(): [number, Timer] | undefined {
    let next: [number, Timer] | undefined
    for (const each of this.#timers) if (!next || each[1].at < next[1].at) next = each
    return next
  }

  /** The next timer. The clock shows its time. */
  #ring(): Run | undefined {
    const next = this.#next
    if (!next) return undefined
    this.#timers.delete(next[0])
    this.now = Math.max(this.now, next[1].at)
    return next[1].run
  }

  /** A `MessageChannel` that can do what a `TaskRunner` needs: messages of its second port reach the first. */
  #channelClass(): new () => object {
    const soon = (run: Run): void => this.soon(run)
    return class {
      readonly port1 = { onmessage: undefined as Run | undefined, close: () => (this.port1.onmessage = undefined) }
      readonly port2 = { postMessage: () => soon(() => this.port1.onmessage?.()) }
    }
  }
}
