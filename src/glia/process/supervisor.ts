import { Backoff } from '../wait/backoff.ts'
import { seconds } from '../wait/deadline.ts'
import { type ExitReason, exitText, isAbnormal } from './exit.ts'
import type { Restart, RestartType } from './restart.ts'
import { counted } from '../counted.ts'

/**
 * Waits before a process comes back, in ms. The first abnormal end of a period causes none: it may have been one bad
 * message.
 */
const BACKOFF_MS = { first: 100, last: 10_000 }

/** What becomes of a process whose instance ended. `why` is a sentence. */
export type Verdict =
  /** It comes back with the next message, which first waits so long. */
  { dead: false; waitMs: number; why: string } | { dead: true; why: string }

export const COMES_BACK: Verdict = { dead: false, waitMs: 0, why: 'The next message gets a fresh instance.' }

/** Decides by restart type and intensity whether and when a process comes back. */
export class Supervisor {
  readonly #restart: Restart
  readonly #backoff = new Backoff(BACKOFF_MS)
  /** Times of the ends that count, on the clock of `performance.now()`. */
  #ends: number[] = []

  constructor(restart: Restart) {
    this.#restart = restart
  }

  /** @param counts Whether the end counts for the intensity. */
  judge(reason: ExitReason, counts: boolean): Verdict {
    const { type, intensity, periodMs } = this.#restart
    if (isOver(type, reason)) {
      return { dead: true, why: `The process has ended and is ${type}: it is not restarted.` }
    }
    if (!isAbnormal(reason) || !counts) return COMES_BACK
    const now = performance.now()
    this.#ends = this.#ends.filter((at) => now - at < periodMs)
    if (this.#ends.length === 0) this.#backoff.reset()
    if (this.#ends.length >= intensity) {
      const times = `ended abnormally ${counted(intensity + 1, 'time')} within ${seconds(periodMs)}`
      return { dead: true, why: `The process ${times} and is not restarted. The last time: ${exitText(reason)}.` }
    }
    this.#ends.push(now)
    if (this.#ends.length === 1) return COMES_BACK
    const waitMs = this.#backoff.next()
    return { dead: false, waitMs, why: `It comes back in ${seconds(waitMs)}.` }
  }

  /** Forgets the ends so far: the process has another program, or its owner has looked at it. */
  reset(): void {
    this.#ends = []
  }
}

/**
 * Whether the restart type says that a process does not come back. A process that never started has not ended: it may
 * start the next time.
 */
export function isOver(type: RestartType, reason: ExitReason): boolean {
  if (reason.type === 'start') return false
  return type === 'temporary' || (type === 'transient' && !isAbnormal(reason))
}
