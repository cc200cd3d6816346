import type { FailureMessage, GliaError } from '../errors.ts'
import { type Note, WAYS } from './note.ts'
import { newTraces, POOL_TRACES } from './trace-ids.ts'

/** Calls of a block. Each has a place in its pool of traces. */
export const BLOCK_CALLS = POOL_TRACES
/** Numbers and texts of a call, in the order of `CallBlock.add`. */
export const NUMBERS = 9
export const TEXTS = 7
/** The column of the texts with the trace. It is empty if the trace is in the pool of the block. */
export const TRACE_TEXT = 6
/** Most bytes of heads and stderr in a block. Later calls of the block are kept without theirs. */
const MAX_MORE_BYTES = 512 * 1024
/** Longest kept sentence of a failure, in UTF-16 units. */
const MAX_MESSAGE = 1000

/** What few calls have. */
export interface CallMore {
  /** The processes that waited for the call, if there was more than one. */
  chain?: readonly string[]
  /** Peers for which it was made. */
  onBehalfOf?: readonly string[]
  failure?: FailureMessage
  /** The end of what the program wrote to stderr. */
  stderr?: Uint8Array
  request?: Uint8Array
  reply?: Uint8Array
}

/**
 * Calls that are over, by columns. All room is allocated with the block, and a database takes it as it is: a write of
 * 256 calls costs about as much as one of three records would.
 */
export class CallBlock {
  readonly numbers = new Float64Array(BLOCK_CALLS * NUMBERS)
  // `Array.from` takes about 0.1 ms for so many, which was most of what a record cost.
  // oxlint-disable-next-line unicorn/no-new-array
  readonly texts = new Array<string>(BLOCK_CALLS * TEXTS).fill('')
  /** By the place of the call in the block. */
  readonly more = new Map<number, CallMore>()
  moreBytes = 0
  /** Calls in the block. */
  size = 0
  /** The traces of calls that came without one, by the place of the call. Their texts are made when they are read. */
  readonly traces = newTraces()

  add(note: Note, error: GliaError | undefined): void {
    const { stream, served, startedAt } = note
    const endedAt = served?.ms === undefined ? performance.now() : served.startedAt + served.ms
    const { chain, onBehalfOf } = stream.context
    const { numbers, texts } = this
    const reachedAt = served ? served.startedAt : note.reachedAt || endedAt
    let at = this.size * NUMBERS
    numbers[at++] = note.id
    numbers[at++] = note.at
    numbers[at++] = WAYS.indexOf(note.way)
    numbers[at++] = (served ?? note).bytesIn
    numbers[at++] = (served ?? note).bytesOut
    numbers[at++] = reachedAt - startedAt
    numbers[at++] = served ? (served.turnAt ?? endedAt) - served.startedAt : 0
    numbers[at++] = endedAt - startedAt
    numbers[at] = error?.exitCode ?? NaN
    at = this.size * TEXTS
    texts[at++] = stream.caller
    texts[at++] = chain.at(-1) ?? ''
    texts[at++] = stream.destination
    texts[at++] = stream.procId
    texts[at++] = stream.methodName
    texts[at++] = error?.code ?? ''
    texts[at] = note.knownTrace ?? ''
    if (error || note.stderr || note.heads || chain.length > 1 || onBehalfOf.length > 0) this.#addMore(note, error)
    this.size += 1
  }

  #addMore({ stream, heads, stderr }: Note, error: GliaError | undefined): void {
    const { chain, onBehalfOf } = stream.context
    const request = heads?.request.bytes
    const reply = heads?.reply.bytes
    const bytes = (request?.length ?? 0) + (reply?.length ?? 0) + (stderr?.length ?? 0)
    const hasRoom = this.moreBytes + bytes <= MAX_MORE_BYTES
    if (hasRoom) this.moreBytes += bytes
    this.more.set(this.size, {
      ...(chain.length > 1 && { chain }),
      ...(onBehalfOf.length > 0 && { onBehalfOf }),
      ...(error && { failure: { ...error.toJSON(), message: error.message.slice(0, MAX_MESSAGE) } }),
      ...(hasRoom && { ...(stderr && { stderr }), ...(request && { request }), ...(reply && { reply }) }),
    })
  }
}
