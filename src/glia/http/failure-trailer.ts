import type { GliaError } from '../errors.ts'

/** Trailer of a reply that failed after its head: problem details as JSON, in ASCII. */
export const FAILURE_TRAILER = 'glia-error'

/** Longest message, and end of stderr, in a trailer, in characters. Clients limit what they read of trailers. */
const MAX_TEXT = 1000

/**
 * The last bytes of a chunked body that failed. The connection has to be closed after them: they lack the empty line
 * which ends a body. So every client sees that the body broke off, and a client that reads trailers sees why.
 */
export function brokenEnd(error: GliaError): string {
  const { message, stderr, ...rest } = error.toJSON()
  const json = JSON.stringify({ ...rest, message: message.slice(0, MAX_TEXT), stderr: stderr?.slice(-MAX_TEXT) })
  const ascii = json.replace(/[^ -~]/g, escapeUnit)
  return `0\r\n${FAILURE_TRAILER}: ${ascii}\r\n`
}

/** A UTF-16 unit as it may stand in a string of JSON. */
export function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
