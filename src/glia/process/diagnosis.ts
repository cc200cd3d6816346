import { type ErrorCode, GliaError } from '../errors.ts'
import { endOfStderr, failedCallOf, MAX_STDERR_BYTES } from '../failure.ts'
import { concat } from '../stream/concat.ts'
import type { Stream } from '../stream/stream.ts'
import { mayCall, strangersOf } from './callers.ts'
import type { Policy } from './policy.ts'

/** Failures of the program. What it wrote, and which call failed before, may explain them. */
const OF_THE_PROGRAM: ReadonlySet<ErrorCode> = new Set([
  'ERR_TRAPPED',
  'ERR_EXITED',
  'ERR_FAILED',
  'ERR_OUT_OF_MEMORY',
  'ERR_DEADLINE',
])

/** Kept while the message runs: control characters that are removed later must not push out the text. */
const KEPT_BYTES = 2 * MAX_STDERR_BYTES

/** What may explain the failure of one message. */
export class Diagnosis {
  /** The last call that failed of those that were made for this message. */
  failedCall: GliaError | undefined
  #stderr = new Uint8Array()

  /** The end of what the program wrote to stderr; undefined if it wrote nothing. */
  get stderr(): Uint8Array | undefined {
    return this.#stderr.length > 0 ? this.#stderr : undefined
  }

  /** Takes what the program wrote to stderr. */
  wrote(bytes: Uint8Array): void {
    this.#stderr = concat([this.#stderr, bytes.subarray(-KEPT_BYTES)]).subarray(-KEPT_BYTES)
  }

  /** Puts what the caller may know into a failure. The failure is of this message alone. */
  explain(thrown: unknown, stream: Stream, { stderr: callers }: Policy): void {
    if (!(thrown instanceof GliaError)) return
    const ofAnother = thrown.peer !== undefined
    // The stderr of another process was shown to this one, and not to its callers.
    if (ofAnother) thrown.stderr = undefined
    if (ofAnother || !OF_THE_PROGRAM.has(thrown.code)) return
    const maySee = strangersOf(stream).every((peer) => mayCall({ callers, methods: {} }, peer, stream.methodName))
    thrown.stderr = maySee ? endOfStderr(new TextDecoder().decode(this.#stderr)) : undefined
    thrown.failedCall = this.failedCall && failedCallOf(this.failedCall)
  }
}
