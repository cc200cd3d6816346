/**
 * All messages on the port between the page and an actor worker, in both directions. Call 0 is the message that the
 * guest handles: the page opens it with `run`. The guest makes the other calls by opening files. With shared memory the
 * bytes of a call travel through two rings, and only `open` and `fail` of the guest's own calls are posted.
 */
import { fields, isBytes, isCredit } from '../../glia/untrusted.ts'
import { readStatus, type RunEnd } from '../worker/control.ts'
import { isCallRing } from './ring-carrier.ts'

/** Bytes that a sender may have on their way before the receiver gives credit. */
export const WINDOW_BYTES = 256 * 1024

/** The purpose of opening a path: to call it, to read the names in it, or to learn whether it exists. */
export type Want = 'call' | 'names' | 'look'

/** The two rings of a call that a guest makes. The worker can make and post them while the guest blocks. */
export interface CallRings {
  request: SharedArrayBuffer
  reply: SharedArrayBuffer
}

/** A frame of either side about the bytes of a call. */
export type CallFrame =
  | { type: 'data'; id: number; bytes: Uint8Array<ArrayBuffer> }
  /**
   * The receiver takes so many bytes more. The first credit of the page also says that it has taken a call of the
   * guest.
   */
  | { type: 'credit'; id: number; bytes: number }
  /** The receiver takes no more, so writes fail. The other direction goes on. */
  | { type: 'stop'; id: number }
  /** The sender is done. Behind the last byte, reads give the errno. With 0 they give the end of the file. */
  | { type: 'end'; id: number; errno: number }
  /** The call is over: reads and writes fail with the errno. With 0 they fail like those of a cancelled call. */
  | { type: 'fail'; id: number; errno: number }

export type FrameOfPage =
  | CallFrame
  /** Call 0 begins. With `again` it is the call that found no room, and its bytes are kept. */
  | { type: 'run'; method: number; again: boolean }

/** A frame of a worker about the calls of its guest. */
export type GuestFrame =
  | CallFrame
  /**
   * The guest opens a path. The page answers with `credit` or `fail`, and in rings with their note. Names come as a
   * reply, one a line.
   */
  | { type: 'open'; id: number; want: Want; path: string; rings: CallRings | undefined }

export type FrameOfWorker =
  | GuestFrame
  /** The method of call 0 has ended. */
  | ({ type: 'done' } & RunEnd)
  /** Bytes that the guest wrote to its stderr. */
  | { type: 'log'; bytes: Uint8Array<ArrayBuffer> }

/** Longest path, in UTF-16 units: a URL may need so much. */
export const MAX_PATH = 4096

const WANTS: ReadonlySet<unknown> = new Set<Want>(['call', 'names', 'look'])

/** Posts a frame. Its bytes are transferred. */
export function postFrame(port: MessagePort, frame: FrameOfPage | FrameOfWorker): void {
  port.postMessage(frame, 'bytes' in frame && typeof frame.bytes !== 'number' ? [frame.bytes.buffer] : [])
}

/** @throws {TypeError} if it is no frame of a page. */
export function readFrameOfPage(value: unknown): FrameOfPage {
  const all = fields(value)
  const { type, method, again } = all
  if (type === 'run' && isNumber(method) && typeof again === 'boolean') return { type, method, again }
  return readCallFrame(all) ?? refuse(all)
}

/** @throws {TypeError} if it is no frame of a worker. */
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

/** Only the page opens call 0. */
function readOpen({ type, id, want, path, rings }: Record<string, unknown>): FrameOfWorker | undefined {
  if (type !== 'open' || !isNumber(id) || id === 0 || !isWant(want)) return undefined
  if (typeof path !== 'string' || path.length > MAX_PATH) return undefined
  if (rings === undefined) return { type, id, want, path, rings }
  const { request, reply } = fields(rings)
  return isCallRing(request) && isCallRing(reply) ? { type, id, want, path, rings: { request, reply } } : undefined
}

function readDone(all: Record<string, unknown>): FrameOfWorker | undefined {
  const { type, status, code, memoryBytes, tmpBytes, instanceGone, fileReports, synced } = all
  if (type !== 'done' || typeof code !== 'number' || typeof instanceGone !== 'boolean' || typeof synced !== 'boolean')
    return undefined
  if (!isNumber(memoryBytes) || !isNumber(tmpBytes) || !isNumber(fileReports)) return undefined
  return { type, status: readStatus(status), code, memoryBytes, tmpBytes, instanceGone, fileReports, synced }
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isWant(value: unknown): value is Want {
  return WANTS.has(value)
}
