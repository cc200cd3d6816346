import { GliaError } from '../errors.ts'

/**
 * The other peer breaks the protocol of the session. Nothing that it sends can be trusted any more, so the session
 * ends. For its calls that is a bad gateway (502), not a mistake of their callers.
 */
export function violation(what: string): GliaError {
  return new GliaError('ERR_PROTOCOL', `The other peer broke the session’s protocol: ${what}.`)
}
