import { GliaError } from './errors.ts'

const cancellations = new WeakSet<object>()

/**
 * The end of a call that a person or a script of this browser has cancelled, which they may do at any time: a method that
 * does not return then is ended. A call that merely lost its caller (a page that was closed) ends with another error.
 */
export function cancellation(message = 'The caller gave up.', cause?: unknown): GliaError {
  const error = new GliaError('ERR_ABORTED', message, { cause })
  cancellations.add(error)
  return error
}

/** Whether a call ended so: the error itself came here, in this thread. */
export function isCancellation(reason: unknown): boolean {
  return typeof reason === 'object' && reason !== null && cancellations.has(reason)
}
