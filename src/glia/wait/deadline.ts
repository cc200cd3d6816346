import { GliaError } from '../errors.ts'

/** Time a guest has after its deadline to notice that its reads and writes fail, before its worker is ended, in ms. */
const GRACE_MS = 250

/** A time, and what is said when it is over. */
export interface Deadline {
  readonly ms: number
  /** Always the same error. It is made when it is asked for: most deadlines are never missed, and an error takes microseconds. */
  readonly late: GliaError
}

/** @param message Says it, given the time as text. */
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
 * Gives some work so much time; it is told through its signal when that is over.
 * @throws the deadline's error, if the work throws what its signal gave it.
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

/** A deadline in two steps: `late` when it is over, `overdue` if that has not helped within a grace. @returns what calls it off. */
export function deadlineWithGrace(ms: number, late: () => void, overdue: () => void): () => void {
  let timer = setTimeout(() => {
    // Before the first step: it may throw.
    timer = setTimeout(overdue, GRACE_MS)
    late()
  }, ms)
  return () => clearTimeout(timer)
}

/** A time as a person reads it. */
export function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`
}
