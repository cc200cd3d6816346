import { seconds } from './wait/deadline.ts'
import { GliaError } from './errors.ts'
import { isPeerId } from './peer-id.ts'
import { fields } from './untrusted.ts'

/** What a call inherits from the calls for which it is made. */
export interface CallContext {
  /** The processes that wait for this call, named by {@link chainNameOf}. The first is the origin. */
  readonly chain: readonly string[]
  /**
   * Ids of the peers for which this call is made, besides its caller. The callee must allow each of them too, so the
   * list can only lower the rights of the call.
   */
  readonly onBehalfOf: readonly string[]
  /**
   * The time at which the first waiting process gives up, in ms on the clock of `performance.now()`; undefined if none
   * does.
   */
  readonly deadlineAt: number | undefined
  /**
   * The client for which the caller calls, if it has several: a text that means nothing to others, at most 64
   * characters. It divides the caller's share.
   */
  readonly client?: string | undefined
  /**
   * A text of at most 128 characters that all calls inherit which are made for the same first call: of HTTP calls a W3C
   * `traceparent`.
   */
  readonly trace?: string | undefined
}

/** The same for another thread or page, which has another clock. */
export interface ContextMessage {
  readonly chain: readonly string[]
  readonly onBehalfOf: readonly string[]
  /** Time left, in ms. Left out: no limit. */
  readonly deadlineMs?: number | undefined
  readonly client?: string | undefined
  readonly trace?: string | undefined
}

/** The parts of a context that arrived. */
type Arrived = { [Part in keyof ContextMessage]?: ContextMessage[Part] | undefined }

/** Longest time that a timer can wait, in ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1

/** The context of a call that is made for no other call. */
export const NO_CONTEXT: CallContext = { chain: [], onBehalfOf: [], deadlineAt: undefined }

/** Most processes in a chain. A longer chain is a program that calls itself again and again. */
export const MAX_CHAIN = 32

/**
 * Most entries of a list that a peer may send. With more than {@link MAX_CHAIN} the call is refused, and the peer is
 * not.
 */
export const MAX_SENT_CHAIN = 64

/** Longest name of a client, in UTF-16 units. */
const MAX_CLIENT = 64

/** Longest key of a call, in UTF-16 units. A UUID has 36. */
export const MAX_CALL_KEY = 255

/** Longest trace, in UTF-16 units. */
const MAX_TRACE = 128

/** Longest name of a process in a chain, in UTF-16 units: a peer id and a hash or a PID. */
const MAX_LINK = 128

/** Time left for a call, in ms, at least 1; undefined if there is no limit. */
export function remainingMs({ deadlineAt }: CallContext): number | undefined {
  return deadlineAt === undefined ? undefined : Math.max(1, Math.ceil(deadlineAt - performance.now()))
}

/** Calls back when the time of a call is over; never if it has no limit. @returns a function that cancels it. */
export function atDeadline(context: CallContext, late: (error: GliaError) => void): () => void {
  const ms = remainingMs(context)
  // A timer takes no longer time. Then there is no limit.
  if (ms === undefined || ms > MAX_TIMER_MS) return () => undefined
  const error = new GliaError('ERR_DEADLINE', `The call did not end within the ${seconds(ms)} that its caller gave it.`)
  const timer = setTimeout(() => late(error), ms)
  return () => clearTimeout(timer)
}

/** A context that arrived with the time left, as of now. */
export function arrivedContext({ chain = [], onBehalfOf = [], deadlineMs, client, trace }: Arrived = {}): CallContext {
  if (chain.length === 0 && onBehalfOf.length === 0 && !deadlineMs && !client && !trace) return NO_CONTEXT
  return { chain, onBehalfOf, deadlineAt: deadlineMs ? performance.now() + deadlineMs : undefined, client, trace }
}

export function contextMessage(context: CallContext): ContextMessage {
  const { chain, onBehalfOf, client, trace } = context
  return { chain, onBehalfOf, deadlineMs: remainingMs(context), client, trace }
}

/** Undefined if the value is no context. */
export function readContextMessage(value: unknown): ContextMessage | undefined {
  const { chain, onBehalfOf = [], deadlineMs, client, trace } = fields(value)
  if (!isChain(chain) || !isPeerList(onBehalfOf)) return undefined
  if (deadlineMs !== undefined && !(typeof deadlineMs === 'number' && deadlineMs > 0)) return undefined
  if (client !== undefined && !isClientName(client)) return undefined
  if (trace !== undefined && !isTrace(trace)) return undefined
  return {
    chain,
    onBehalfOf,
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(client !== undefined && { client }),
    ...(trace !== undefined && { trace }),
  }
}

export function isClientName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_CLIENT
}

export function isCallKey(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= MAX_CALL_KEY
}

export function isTrace(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TRACE
}

export function isChain(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= MAX_SENT_CHAIN && value.every(isLink)
}

function isLink(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_LINK
}

/** Whether the value is a list of peer ids, as long as a chain may be. */
export function isPeerList(value: unknown): value is string[] {
  return isChain(value) && value.every(isPeerId)
}
