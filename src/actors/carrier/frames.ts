/**
 * All messages on the port between the page and an actor worker, in both directions. Call 0 is the message that the guest
 * handles; the page opens it with `run`. Calls with other numbers are those that the guest makes by opening files. Where memory is
 * shared, the bytes of a call take two rings, and only `open` and `fail` of the guest's own calls are posted.
 */
import { fields, isBytes, isCredit } from '../../glia/untrusted.ts'
import { readStatus, type RunEnd } from '../worker/control.ts'
import { isCallRing } from './ring-carrier.ts'

/** Bytes of one direction of a call that may be on their way before the receiver has given credit. */
export const WINDOW_BYTES = 256 * 1024

/** What is wanted of a path: to call it, the names in it, or only whether it is there. */
export type Want = 'call' | 'names' | 'look'

/** The two rings of a call that a guest makes. The worker makes and posts them, which works while the guest blocks. */
export interface CallRings {
  request: SharedArrayBuffer
  reply: SharedArrayBuffer
}

/** What either side says about the bytes of a call. */
export type CallFrame =
  | { type: 'data'; id: number; bytes: Uint8Array<ArrayBuffer> }
  /** The receiver takes so many bytes more. The first one of the page says that it has taken a call of the guest. */
  | { type: 'credit'; id: number; bytes: number }
  /** The receiver takes no more: writes fail. The other direction goes on. */
  | { type: 'stop'; id: number }
  /** The sender is done. Behind the last byte, reads give the errno, or the end of the file if it is 0. */
  | { type: 'end'; id: number; errno: number }
  /** The call is over: reads and writes fail with the errno, or as those of a call that was cancelled if it is 0. */
  | { type: 'fail'; id: number; errno: number }

export type FrameOfPage =
  | CallFrame
  /** Call 0 begins. With `again`, it is the call that found no room, of which all that has come is there. */
  | { type: 'run'; method: number; again: boolean }

/** What a worker says about the calls that its guest makes. */
export type GuestFrame =
  | CallFrame
  /** The guest opens a path. The page answers with `credit` or `fail`, in rings with their note. Names are a reply, one in a line. */
  | { type: 'open'; id: number; want: Want; path: string; rings: CallRings | undefined }

export type FrameOfWorker =
  | GuestFrame
  /** The method of call 0 has ended. */
  | ({ type: 'done' } & RunEnd)
  /** What the guest wrote to its stderr. */
  | { type: 'log'; bytes: Uint8Array<ArrayBuffer> }

/** Longest path, in UTF-16 units: an address takes no more. */
export const MAX_PATH = 1024

const WANTS: ReadonlySet<unknown> = new Set<Want>(['call', 'names', 'look'])

/** Posts a frame. Its bytes go over to the other side. */
export function postFrame(port: MessagePort, frame: FrameOfPage | FrameOfWorker): void {
  port.postMessage(frame, 'bytes' in frame && typeof frame.bytes !== 'number' ? [frame.bytes.buffer] : [])
}

/** @throws {TypeError} if it is nothing that a page says. */
export function readFrameOfPage(value: unknown): FrameOfPage {
  const all = fields(value)
  const { type, method, again } = all
  if (type === 'run' && isNumber(method) && typeof again === 'boolean') return { type, method, again }
  return readCallFrame(all) ?? refuse(all)
}

/** @throws {TypeError} if it is nothing that a worker says. */
export function readFrameOfWorker(value: unknown): FrameOfWorker {
  const all = fields(value)
  const { type, bytes } = all
  if (type === 'log' && isBytes(bytes)) return { type, bytes }
  return readCallFrame(all) ?? readDone(all) ?? readOpen(all) ?? refuse(all)
}

/** @throws {TypeError} if it is about the message that is handled, and not about a call of the guest. */
export function guestFrame(frame: FrameOfWorker): GuestFrame {
  return frame.type === 'done' || frame.type === 'log' || frame.id === 0 ? refuse(frame) : frame
}

/** @throws {TypeError} always. */
export function refuse({ type }: { type?: unknown }): never {
  throw new TypeError(`Not a message between a page and an actor worker: ${String(type)}`)
}

function readCallFrame({ type, id, bytes, errno }: Record<string, unknown>): CallFrame | undefined {
  if (!isNumber(id)) return undefined
  if (type === 'data' && isBytes(bytes)) return { type, id, bytes }
  if (type === 'credit' && isCredit(bytes)) return { type, id, bytes }
  if (type === 'stop') return { type, id }
  if ((type === 'end' || type === 'fail') && isNumber(errno)) return { type, id, errno }
  return undefined
}

/** Call 0 is the page's to open. */
function readOpen({ type, id, want, path, rings }: Record<string, unknown>): FrameOfWorker | undefined {
  if (type !== 'open' || !isNumber(id) || id === 0 || !isWant(want)) return undefined
  if (typeof path !== 'string' || path.length > MAX_PATH) return undefined
  if (rings === undefined) return { type, id, want, path, rings }
  const { request, reply } = fields(rings)
  return isCallRing(request) && isCallRing(reply) ? { type, id, want, path, rings: { request, reply } } : undefined
}

function readDone(all: Record<string, unknown>): FrameOfWorker | undefined {
  const { type, status, code, memoryBytes, tmpBytes, instanceGone, fileReports } = all
  if (type !== 'done' || typeof code !== 'number' || typeof instanceGone !== 'boolean') return undefined
  if (!isNumber(memoryBytes) || !isNumber(tmpBytes) || !isNumber(fileReports)) return undefined
  return { type, status: readStatus(status), code, memoryBytes, tmpBytes, instanceGone, fileReports }
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isWant(value: unknown): value is Want {
  return WANTS.has(value)
}
