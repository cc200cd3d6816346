import type { ErrorCode, GliaError } from '../errors.ts'

/** Failures before a process gets the message, whoever reports them. */
const BEFORE_THE_RUN: ReadonlySet<ErrorCode> = new Set([
  'ERR_BAD_ADDRESS',
  'ERR_BAD_REQUEST',
  'ERR_DENIED',
  'ERR_NO_PROC',
  'ERR_NO_METHOD',
  'ERR_MAILBOX_FULL',
  'ERR_LIVE_LIMIT',
  'ERR_NO_TAB',
  'ERR_START',
  'ERR_CYCLE',
])

const marked = new WeakSet<GliaError>()

/** Marks a failure that came before any byte of the message left this peer. @returns the failure. */
export function beforeTheRun(error: GliaError): GliaError {
  marked.add(error)
  return error
}

/**
 * Marks the loss of the way to a peer that keeps the call by its key: there it runs once, however often it is made.
 * @returns the failure.
 */
export function keptThere(error: GliaError): GliaError {
  const isOfTheWay = error.code === 'ERR_UNREACHABLE' && error.peer === undefined
  return isOfTheWay ? beforeTheRun(error) : error
}

/** Whether the call may be made again: the process certainly did not see the message, or does not run it twice. */
export function mayBeRepeated(error: GliaError): boolean {
  return marked.has(error) || BEFORE_THE_RUN.has(error.code)
}
