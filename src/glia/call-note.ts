import type { Heads } from './heads.ts'

/** What a process knows of a call of its own. */
export interface ServedCall {
  /** When the call came to the process, on the clock of `performance.now()`. */
  readonly startedAt: number
  /** When it got its turn; undefined before. */
  readonly turnAt: number | undefined
  readonly bytesIn: number
  readonly bytesOut: number
  /** Time until its end, in ms; undefined before. */
  readonly ms: number | undefined
}

/** A call under way, as the recorder of this peer sees it. The process of the call adds what it knows. */
export interface CallNote {
  /** Its number in the record of calls. */
  readonly id: number
  /** When it began, in ms since the epoch, and on the clock of `performance.now()`. */
  readonly at: number
  readonly startedAt: number
  /** The trace of the call. A call that came without one begins a trace. */
  readonly trace: string
  served: ServedCall | undefined
  /** Takes the first bytes of both directions; undefined unless the policy keeps them. */
  heads: Heads | undefined
  /** The end of what the program wrote to stderr; undefined if it wrote nothing. */
  stderr: Uint8Array | undefined
}
