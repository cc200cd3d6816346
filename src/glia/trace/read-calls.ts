import type { ErrorCode, FailureMessage } from '../errors.ts'
import { endOfStderr } from '../failure.ts'
import { BLOCK_CALLS, type CallBlock, type CallMore, NUMBERS, TEXTS, TRACE_TEXT } from './call-block.ts'
import { type Note, type Way, WAYS } from './note.ts'
import { hasId, traceAt } from './trace-ids.ts'

/** A recorded call. */
export interface TracedCall {
  readonly id: number
  /** When it began, in ms since the epoch. */
  readonly at: number
  readonly way: Way
  /** A peer id, 'browser', or the PID of a process of this tab. */
  readonly caller: string
  /** The processes that waited for it, by their names in chains. The last one is the caller's. */
  readonly chain: readonly string[]
  /** Ids of the peers for which it was made, beside its caller. */
  readonly onBehalfOf: readonly string[]
  readonly host: string
  readonly pid: string
  readonly method: string
  readonly trace: string
  readonly status: 'pending' | 'ok' | ErrorCode
  /** The exit code of a program that failed. */
  readonly exitCode: number | undefined
  readonly bytesIn: number
  readonly bytesOut: number
  /**
   * The parts of its time, in ms. `network`: until the message was here, or until the other peer was reached. `queue`: in
   * the mailbox. `run`: with the turn, or at the other peer.
   */
  readonly parts: { readonly network: number; readonly queue: number; readonly run: number }
  /** All of its time, in ms; so far, of a pending call. */
  readonly ms: number
  readonly failure: FailureMessage | undefined
  /** The end of what the program wrote to stderr. */
  readonly stderr: string | undefined
  /** The first bytes of message and reply, if the policy of a process keeps them. */
  readonly request: Uint8Array | undefined
  readonly reply: Uint8Array | undefined
}

/** A block as a database gives it back. */
export type KeptBlock = Pick<CallBlock, 'numbers' | 'texts' | 'more' | 'size' | 'traces'>

const NOTHING: readonly string[] = []

/** The calls of a block, in the order in which they ended. */
export function callsOf(block: KeptBlock, from = 0): TracedCall[] {
  const calls: TracedCall[] = []
  for (let i = from; i < Math.min(block.size, BLOCK_CALLS); i++) calls.push(callAt(block, i))
  return calls
}

/** The calls of a block with the trace. All others cost a comparison each. */
export function callsWith(block: KeptBlock, id: string): TracedCall[] {
  const calls: TracedCall[] = []
  for (let i = 0; i < Math.min(block.size, BLOCK_CALLS); i++) if (isOfTrace(block, i, id)) calls.push(callAt(block, i))
  return calls
}

function isOfTrace({ texts, traces }: KeptBlock, place: number, id: string): boolean {
  const trace = texts[place * TEXTS + TRACE_TEXT] ?? ''
  if (trace === '') return hasId(traces, place, id)
  return trace.includes(id) && traceIdOf(trace) === id
}

function callAt({ numbers, texts, more: all, traces }: KeptBlock, place: number): TracedCall {
  const number = (column: number): number => numbers[place * NUMBERS + column] ?? 0
  const text = (column: number): string => texts[place * TEXTS + column] ?? ''
  const more: CallMore = all.get(place) ?? {}
  const link = text(1)
  const exitCode = number(8)
  const ms = number(7)
  return {
    id: number(0),
    at: number(1),
    way: WAYS[number(2)] ?? 'in',
    caller: text(0),
    chain: more.chain ?? (link === '' ? NOTHING : [link]),
    onBehalfOf: more.onBehalfOf ?? NOTHING,
    host: text(2),
    pid: text(3),
    method: text(4),
    status: (text(5) || 'ok') as TracedCall['status'],
    trace: text(TRACE_TEXT) || traceAt(traces, place),
    exitCode: Number.isNaN(exitCode) ? undefined : exitCode,
    bytesIn: number(3),
    bytesOut: number(4),
    parts: partsOf(number(5), number(6), ms),
    ms,
    failure: more.failure,
    stderr: more.stderr && endOfStderr(new TextDecoder().decode(more.stderr)),
    request: more.request,
    reply: more.reply,
  }
}

/** A call under way, as it is now. @param now On the clock of `performance.now()`. */
export function pendingCall(note: Note, now: number): TracedCall {
  const { stream, served, startedAt } = note
  const { bytesIn, bytesOut } = served ?? note
  const reachedAt = served ? served.startedAt : note.reachedAt || now
  const ms = now - startedAt
  return {
    id: note.id,
    at: note.at,
    way: note.way,
    caller: stream.caller,
    chain: stream.context.chain,
    onBehalfOf: stream.context.onBehalfOf,
    host: stream.destination,
    pid: stream.procId,
    method: stream.methodName,
    trace: note.trace,
    status: 'pending',
    exitCode: undefined,
    bytesIn,
    bytesOut,
    parts: partsOf(reachedAt - startedAt, served ? (served.turnAt ?? now) - served.startedAt : 0, ms),
    ms,
    failure: undefined,
    stderr: undefined,
    request: note.heads?.request.bytes,
    reply: note.heads?.reply.bytes,
  }
}

function partsOf(network: number, queue: number, ms: number): TracedCall['parts'] {
  return { network, queue, run: Math.max(0, ms - network - queue) }
}

/** The id of a trace: the 32 digits of a W3C `traceparent`. A caller may have given another text, which stays. */
export function traceIdOf(trace: string): string {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(trace)?.[1] ?? trace
}
