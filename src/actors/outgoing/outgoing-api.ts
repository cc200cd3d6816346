/**
 * * What crosses between the page and an actor worker for calls that the guest makes by opening files: messages over a
 * port of their own. With shared memory the bytes take two rings, which the worker makes and posts; posting works while
 * the guest blocks.
 */
import { fields, isBytes, isCredit } from '../../glia/untrusted.ts'
import { ringBufferBytes } from '../worker/ring.ts'

/**
 * Bytes that each ring of a call holds: calls are many and short, and a third slower on bulk than with more (Chromium
 * 156: 64 KiB 1,510 MB/s, 256 KiB 2,446).
 */
export const CALL_RING_BYTES = 64 * 1024

/** Bytes that may be on their way over the port, in each direction of a call, before the receiver has given credit. */
export const CALL_WINDOW_BYTES = 256 * 1024

/**
 * * {@link Ring.note} of a reply ring: how the call stands. The worker may look at it late, so a failure after the file
 * was open does not read like one before: -1 is open, an errno is a file that could not be opened, and less than -1 is
 * {@link noteOfFailure} of an open one. With the latter a reply can also end: reads then give the errno behind its last
 * byte.
 */
export const NOTE_OPENED = -1

/** The note of a call that has failed, which had another note until now. */
export function noteOfFailure(errno: number, before: number): number {
  return before === NOTE_OPENED ? NOTE_OPENED - errno : errno
}

/** The errno with which a call failed, from the note of its reply ring; 0 if it has not failed. */
export function failureOf(note: number): number {
  return note > 0 ? note : NOTE_OPENED - note
}

/** The two rings of a call. The second one's note says how the call stands. */
export interface CallRings {
  request: SharedArrayBuffer
  reply: SharedArrayBuffer
}

/** What is wanted of a path: to call it, the names in it, or only whether it is there. */
export type Want = 'call' | 'names' | 'look'

/** Worker to page. `id` is the worker's number for an open file. */
export type FromGuest =
  /** Answered by `opened` or `failed`. Names are a reply, one in a line. */
  | { type: 'open'; id: number; want: Want; path: string; rings: CallRings | undefined }
  /** The guest has closed the file: what is left of the call is cancelled. */
  | { type: 'close'; id: number }
  /** These travel without rings only. */
  | { type: 'data'; id: number; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'end'; id: number }
  | { type: 'credit'; id: number; bytes: number }

/** Page to worker, without rings only. */
export type ToGuest =
  | { type: 'opened'; id: number }
  /** The call has failed: reads and writes give the errno from now on. */
  | { type: 'failed'; id: number; errno: number }
  | { type: 'data'; id: number; bytes: Uint8Array<ArrayBuffer> }
  /** The reply is whole. Behind it reads give the errno, or the end of the file if that is 0. */
  | { type: 'end'; id: number; errno: number }
  | { type: 'credit'; id: number; bytes: number }
  /** Nobody reads the request any more. */
  | { type: 'stop'; id: number }

/** Longest path, in UTF-16 units: an address takes no more. */
export const MAX_PATH = 1024

const WANTS: ReadonlySet<unknown> = new Set<Want>(['call', 'names', 'look'])

/** @throws {TypeError} if the value is none of the messages. */
export function readFromGuest(value: unknown): FromGuest {
  const { type, id, want, path, rings, bytes } = fields(value)
  if (isId(id)) {
    if (type === 'open' && isWant(want) && typeof path === 'string' && path.length <= MAX_PATH) {
      const { request, reply } = fields(rings)
      if (rings === undefined) return { type, id, want, path, rings }
      if (isCallRing(request) && isCallRing(reply)) return { type, id, want, path, rings: { request, reply } }
    }
    if (type === 'close' || type === 'end') return { type, id }
    if (type === 'data' && isBytes(bytes)) return { type, id, bytes }
    if (type === 'credit' && isCredit(bytes)) return { type, id, bytes }
  }
  throw new TypeError(`Not a message of an actor worker about a call: ${String(type)}`)
}

/** @throws {TypeError} if the value is none of the messages. */
export function readToGuest(value: unknown): ToGuest {
  const { type, id, bytes, errno } = fields(value)
  if (isId(id)) {
    if (type === 'opened' || type === 'stop') return { type, id }
    if ((type === 'failed' || type === 'end') && typeof errno === 'number') return { type, id, errno }
    if (type === 'data' && isBytes(bytes)) return { type, id, bytes }
    if (type === 'credit' && isCredit(bytes)) return { type, id, bytes }
  }
  throw new TypeError(`Not a message for an actor worker about a call: ${String(type)}`)
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

function isWant(value: unknown): value is Want {
  return WANTS.has(value)
}

/** Of exactly the size agreed on, now and later. */
function isCallRing(value: unknown): value is SharedArrayBuffer {
  return value instanceof SharedArrayBuffer && !value.growable && value.byteLength === ringBufferBytes(CALL_RING_BYTES)
}
