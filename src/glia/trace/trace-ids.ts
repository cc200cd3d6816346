const PREFIX_BYTES = 20
const SPAN_DIGITS = 16
/** The last 9 of the 32 digits of a trace: 1 and the number of the call. */
const PREFIX_DIGITS = 23
/** An odd number: different calls get different numbers, which do not tell how many there were. */
const SPREAD = 0x9e3779b1

/** The parts that the traces of one page share. Random bytes are taken once, since they take microseconds. */
export function traceParts(): [prefix: string, end: string] {
  const random = crypto.getRandomValues(new Uint8Array(PREFIX_BYTES))
  const digits = [...random].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  // Neither the trace nor the span may be all zeros.
  return [`00-${digits.slice(-PREFIX_DIGITS)}`, `-1${digits.slice(0, SPAN_DIGITS - 1)}-01`]
}

/** The trace that a call begins, as W3C `traceparent`. */
export function traceOfCall([prefix, end]: readonly [string, string], call: number): string {
  return prefix + (0x1_0000_0000 + (Math.imul(call, SPREAD) >>> 0)).toString(16) + end
}
