import { BUCKETS, bucketOf } from './histogram.ts'

/** Counts calls. A call costs some additions and no allocation. The counts only grow: who reads them takes differences. */
export class Meter {
  /** When it began, on the clock of `performance.now()`. */
  readonly since = performance.now()
  /** Calls that are over. */
  calls = 0
  /** Those of them that failed. */
  errors = 0
  bytesIn = 0
  bytesOut = 0
  /** Times of the calls that went well, by bucket of `histogram.ts`; undefined before the first. */
  times: Uint32Array<ArrayBuffer> | undefined
  /** The sum of these times, in ms. */
  totalMs = 0
  /** Called before something is counted. Whoever samples sets it while nothing happens, and removes it then. */
  touched: (() => void) | undefined
  #whole: Meter | undefined

  /** Counts everything for another meter, too. */
  within(whole: Meter): this {
    this.#whole = whole
    return this
  }

  /** A call is over. @param ms How long it took. */
  ended(ms: number, failed: boolean): void {
    this.#whole?.ended(ms, failed)
    this.touched?.()
    this.calls += 1
    if (failed) {
      this.errors += 1
      return
    }
    const times = (this.times ??= new Uint32Array(BUCKETS))
    const bucket = bucketOf(ms)
    times[bucket] = (times[bucket] ?? 0) + 1
    this.totalMs += ms
  }

  /** Bytes of a message, or of a reply, went by. */
  carried(bytesIn: number, bytesOut: number): void {
    this.#whole?.carried(bytesIn, bytesOut)
    this.touched?.()
    this.bytesIn += bytesIn
    this.bytesOut += bytesOut
  }
}
