/** Traces of a pool. One call for many random numbers costs about as much as one call for few. */
export const POOL_TRACES = 256
const ID_BYTES = 16
const SPAN_BYTES = 8
const TRACE_BYTES = ID_BYTES + SPAN_BYTES

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/**
 * Random bytes for the traces of 256 calls. No trace tells anything of another one, so a peer that knows some of them
 * cannot name or count the others.
 */
export function newTraces(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(POOL_TRACES * TRACE_BYTES))
}

/** A trace of a pool, as W3C `traceparent`. */
export function traceAt(pool: Uint8Array, place: number): string {
  const at = place * TRACE_BYTES
  return `00-${hex(pool, at, at + ID_BYTES)}-${hex(pool, at + ID_BYTES, at + TRACE_BYTES)}-01`
}

/** Whether a trace of a pool has the id. It compares the first byte before it makes a text. */
export function hasId(pool: Uint8Array, place: number, id: string): boolean {
  const at = place * TRACE_BYTES
  return HEX[pool[at] ?? 0] === id.slice(0, 2) && hex(pool, at, at + ID_BYTES) === id
}

function hex(bytes: Uint8Array, from: number, to: number): string {
  let text = ''
  for (let at = from; at < to; at++) text += HEX[bytes[at] ?? 0] ?? ''
  return text
}
