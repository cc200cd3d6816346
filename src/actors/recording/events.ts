import { decodeFirst, encode } from 'cborg'
import { isBytes } from '../../glia/untrusted.ts'
import { bad } from './recording.ts'

/** Most events of a log. Each takes some memory besides its bytes. */
const MAX_EVENTS = 500_000
const MAX_NAME = 64
const MAX_ARGS = 16

/** A call of the guest to WASI, and what it was told. */
export interface RecordedEvent {
  /** The function, such as `fd_read`. */
  name: string
  /** What it was asked, without pointers: descriptors, flags, lengths. */
  args: readonly (number | bigint)[]
  /** What the guest gave: a path, or the bytes that it writes. */
  input: Uint8Array | null
  /** The errno; null: the call did not return. */
  result: number | null
  /** What was put into its memory. */
  output: Uint8Array | null
}

/** An event as a part of a log, which is a sequence of CBOR items (RFC 8742). */
export function encodeEvent({ name, args, input, result, output }: RecordedEvent): Uint8Array {
  return encode([name, args, input, result, output])
}

/** @throws {GliaError} ERR_BAD_REQUEST if the log is damaged. */
export function readEvents(log: Uint8Array): RecordedEvent[] {
  const events: RecordedEvent[] = []
  for (let rest = log; rest.length > 0;) {
    let item: unknown
    try {
      ;[item, rest] = decodeFirst(rest, { strict: true, allowIndefinite: false, allowUndefined: false })
    } catch (cause) {
      throw bad('its log is damaged or cut off', cause)
    }
    if (events.length === MAX_EVENTS) throw bad('its log has too many events')
    events.push(readEvent(item))
  }
  return events
}

function readEvent(item: unknown): RecordedEvent {
  const [name, args, input, result, output, ...more] = Array.isArray(item) ? (item as unknown[]) : []
  const isKnown =
    typeof name === 'string' &&
    name.length <= MAX_NAME &&
    Array.isArray(args) &&
    args.length <= MAX_ARGS &&
    args.every((arg) => typeof arg === 'number' || typeof arg === 'bigint') &&
    (input === null || isBytes(input)) &&
    (result === null || typeof result === 'number') &&
    (output === null || isBytes(output)) &&
    more.length === 0
  if (!isKnown) throw bad('an event of its log is wrong')
  return { name, args, input, result, output }
}
