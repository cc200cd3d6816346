import type { CallNote, ServedCall } from '../call-note.ts'
import type { Heads } from '../heads.ts'
import type { Stream } from '../stream/stream.ts'
import type { CallTrace } from './call-trace.ts'

/**
 * `in`: to a process of this peer. `out`: from this tab to another peer. `through`: from somebody else to another peer,
 * and this peer passes it on.
 */
export const WAYS = ['in', 'out', 'through'] as const

export type Way = (typeof WAYS)[number]

/** A call under way. There is one for each call, so it is small and has no functions of its own. */
export class Note implements CallNote {
  readonly id: number
  readonly way: Way
  readonly stream: Stream
  readonly #recorder: CallTrace
  /** The trace that it begins, once somebody has asked for it. */
  #begun: string | undefined = undefined
  /** When it began, in ms since the epoch, and on the clock of `performance.now()`. */
  readonly at = Date.now()
  readonly startedAt = performance.now()
  /** When the other peer was reached, on the clock of `performance.now()`; 0 before. */
  reachedAt = 0
  /** Bytes that this peer has passed on. Of a call to a process here, `served` has them. */
  bytesIn = 0
  bytesOut = 0
  served: ServedCall | undefined = undefined
  heads: Heads | undefined = undefined
  stderr: Uint8Array | undefined = undefined

  constructor(id: number, way: Way, stream: Stream, recorder: CallTrace) {
    this.id = id
    this.way = way
    this.stream = stream
    this.#recorder = recorder
  }

  get trace(): string {
    return this.knownTrace ?? (this.#begun = this.#recorder.newTrace())
  }

  /** Its trace, if it came with one or somebody has asked for it. */
  get knownTrace(): string | undefined {
    return this.stream.context.trace ?? this.#begun
  }
}
