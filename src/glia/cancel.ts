import { GliaError } from './errors.ts'

const cancellations = new WeakSet<object>()

/**
 * The error of a call that a person or a script of this browser has cancelled. They may do so at any time, and a method
 * that does not return then is ended. A call that only lost its caller (a closed page) ends with another error.
 */
export function cancellation(message = 'The caller gave up.', cause?: unknown): GliaError {
  const error = new GliaError('ERR_ABORTED', message, { cause })
  cancellations.add(error)
  return error
}

/** Whether an error is such a cancellation. It must be the same object, in the same thread. */
export function isCancellation(reason: unknown): boolean {
  return typeof reason === 'object' && reason !== null && cancellations.has(reason)
}
