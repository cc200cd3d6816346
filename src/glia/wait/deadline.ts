import { GliaError } from '../errors.ts'

/**
 * Time that a guest has after its deadline to notice that its reads and writes fail, in ms. Then its worker is ended.
 */
const GRACE_MS = 250

/** A duration, and the error when it is over. */
export interface Deadline {
  readonly ms: number
  /**
   * Always the same error. It is made when it is asked for: most deadlines are met, and making an error takes
   * microseconds.
   */
  readonly late: GliaError
}

/** @param message Makes the message from the time as text. */
export function deadlineIn(ms: number, message: (time: string) => string): Deadline {
  let late: GliaError | undefined
  return {
    ms,
    get late() {
      late ??= new GliaError('ERR_DEADLINE', message(seconds(ms)))
      return late
    },
  }
}

/**
 * Runs work with a time limit. Its signal aborts when the time is over.
 * @throws the deadline's error, if the work throws the reason of its signal.
 */
export async function withDeadline<T>(deadline: Deadline, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const aborter = new AbortController()
  const timer = setTimeout(() => aborter.abort(deadline.late), deadline.ms)
  try {
    return await work(aborter.signal)
  } finally {
    clearTimeout(timer)
  }
}

/**
 * A deadline in two steps: `late` when it is over, `overdue` if the work has not ended within a grace. @returns a
 * function that cancels it.
 */
export function deadlineWithGrace(ms: number, late: () => void, overdue: () => void): () => void {
  let timer = setTimeout(() => {
    // Before the first step, which may throw.
    timer = setTimeout(overdue, GRACE_MS)
    late()
  }, ms)
  return () => clearTimeout(timer)
}

/** A duration in words. */
export function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`
}
