import { fields } from './untrusted.ts'

/** What a call has from the calls it is made for. */
export interface CallContext {
  /** The processes that wait for this call, each as `{host}/{proc}`, the first one first. */
  readonly chain: readonly string[]
  /** When the first of them gives up, in ms on the clock of `performance.now()`; undefined: none does. */
  readonly deadlineAt: number | undefined
  /** For whom the caller calls, if it does so for several: a text that means nothing to others. It divides the caller's share. */
  readonly client?: string | undefined
}

/** The same for another thread or page, whose clock is another. */
export interface ContextMessage {
  readonly chain: readonly string[]
  /** Time that is left, in ms. Left out: no limit. */
  readonly deadlineMs?: number | undefined
}

/** Of a call that nobody's call waits for. */
export const NO_CONTEXT: CallContext = { chain: [], deadlineAt: undefined }

/** Processes that may wait in a chain: more is a program that calls on and on rather than a long way. */
export const MAX_CHAIN = 32

/** Entries of a chain that a peer may send; those beyond {@link MAX_CHAIN} have the call refused, not the peer. */
export const MAX_SENT_CHAIN = 64

/** Names a process in a chain. */
export function linkOf(host: string, proc: string): string {
  return `${host}/${proc}`
}

/** Time that is left for a call, in ms, at least 1; undefined if there is no limit. */
export function remainingMs({ deadlineAt }: CallContext): number | undefined {
  return deadlineAt === undefined ? undefined : Math.max(1, Math.ceil(deadlineAt - performance.now()))
}

/** A context that came with the time that is left, from now on. */
export function arrivedContext(chain: readonly string[] = [], deadlineMs?: number, client?: string): CallContext {
  if (chain.length === 0 && !deadlineMs && !client) return NO_CONTEXT
  return { chain, deadlineAt: deadlineMs ? performance.now() + deadlineMs : undefined, client }
}

export function contextMessage(context: CallContext): ContextMessage {
  return { chain: context.chain, deadlineMs: remainingMs(context) }
}

/** undefined if it is none. */
export function readContextMessage(value: unknown): ContextMessage | undefined {
  const { chain, deadlineMs } = fields(value)
  if (!isChain(chain)) return undefined
  if (deadlineMs === undefined) return { chain }
  return typeof deadlineMs === 'number' && deadlineMs > 0 ? { chain, deadlineMs } : undefined
}

export function isChain(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= MAX_SENT_CHAIN && value.every((entry) => typeof entry === 'string')
}
