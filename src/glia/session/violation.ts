import { GliaError } from '../errors.ts'

/**
 * The other peer does not keep to the protocol of the session: nothing it sends can be relied on any more, so the session
 * ends. For the calls in it that is a bad gateway (502), not a mistake of whoever made them.
 */
export function violation(what: string): GliaError {
  return new GliaError('ERR_RESET', `The other peer broke the session’s protocol: ${what}.`)
}
