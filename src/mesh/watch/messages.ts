import { type ErrorCode, GliaError, isErrorCode, isExitCode } from '../../glia/errors.ts'
import { type EndReason, MAX_REASON, type ProcessEnd } from '../../glia/process/told-end.ts'
import { isPid, type Pid } from '../../glia/pid.ts'
import { fields } from '../../glia/untrusted.ts'

/** From the watcher. SPEC.md has the meaning of every field. */
export type WatchRequest =
  | { readonly type: 'watch'; readonly id: number; readonly pid: Pid; readonly after?: number | undefined }
  | { readonly type: 'unwatch'; readonly id: number }

/** From the peer that has the process. */
export type WatchReply =
  | { readonly type: 'watching'; readonly id: number; readonly at: number }
  | ({ readonly type: 'gone'; readonly id: number } & ProcessEnd)
  | { readonly type: 'refused'; readonly id: number; readonly code: ErrorCode; readonly message: string }

/** The kinds of ends that travel. Only the watcher itself finds out that a peer is unreachable. */
const KINDS = ['exited', 'killed', 'moved'] as const
const MAX_TYPE = 32

/** @returns undefined for a type of a later version. @throws {GliaError} ERR_PROTOCOL */
export function readRequest(line: string): WatchRequest | undefined {
  const { type, id, ...given } = readLine(line)
  if (type !== 'watch' && type !== 'unwatch') return undefined
  if (!isCount(id)) throw breach('an id that is no number')
  if (type === 'unwatch') return { type, id }
  const { pid, after } = given
  if (typeof pid !== 'string' || !isPid(pid)) throw breach('a watch without a PID')
  if (after !== undefined && !isCount(after)) throw breach('a time that is no number')
  return { type, id, pid, after }
}

/** @returns undefined for a type of a later version. @throws {GliaError} ERR_PROTOCOL */
export function readReply(line: string): WatchReply | undefined {
  const { type, id, ...given } = readLine(line)
  if (type !== 'watching' && type !== 'gone' && type !== 'refused') return undefined
  if (!isCount(id)) throw breach('an id that is no number')
  if (type === 'refused') return { type, id, ...readRefusal(given) }
  const { at } = given
  if (!isCount(at)) throw breach('a time that is no number')
  if (type === 'watching') return { type, id, at }
  const { final } = given
  const kind = KINDS.find((known) => known === given['kind'])
  if (!kind || typeof final !== 'boolean') throw breach('an end without its kind')
  return { type, id, kind, at, final, reason: readReason(given['reason']) }
}

function readLine(line: string): Record<string, unknown> {
  const read = fields(parse(line))
  if (typeof read['type'] !== 'string') throw breach('a line without a type')
  return read
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw breach('a line that is no JSON', cause)
  }
}

function readRefusal({ code, message }: Record<string, unknown>): { code: ErrorCode; message: string } {
  if (typeof code !== 'string' || typeof message !== 'string') throw breach('a refusal without words')
  return { code: isErrorCode(code) ? code : 'ERR_DENIED', message: message.slice(0, MAX_REASON) }
}

function readReason(value: unknown): EndReason {
  const { type, code, message } = fields(value)
  if (typeof type !== 'string' || type === '' || type.length > MAX_TYPE) throw breach('an end without a reason')
  return {
    type,
    ...(isExitCode(code) && { code }),
    ...(typeof message === 'string' && { message: message.slice(0, MAX_REASON) }),
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

export function breach(what: string, cause?: unknown): GliaError {
  return new GliaError('ERR_PROTOCOL', `The other peer broke the protocol of watches: ${what}.`, { cause })
}
