/** W3C trace context, version 0: the trace, the span of the caller, flags. @see https://www.w3.org/TR/trace-context/ */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const SPAN_BYTES = 8
/** The flags that level 2 knows: sampled, and random. All others have to be zero. */
const FLAGS = 0b11

/**
 * The trace of a call that arrives with a `traceparent`: the same trace, with a new span for the call. Undefined if the
 * text is none. As the W3C asks, such a text is ignored and does not fail the call.
 */
export function traceOf(traceparent: string | null): string | undefined {
  const [, version, trace = '', parent = '', flags = '', more] = TRACEPARENT.exec(traceparent ?? '') ?? []
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (/^0+$/.test(trace) || /^0+$/.test(parent)) return undefined
  const span = crypto.getRandomValues(new Uint8Array(SPAN_BYTES))
  return `00-${trace}-${[...span].map(hex).join('')}-${hex(Number.parseInt(flags, 16) & FLAGS)}`
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
