/**
 * Messages between the service worker and the tabs, and between two tabs of one browser. An HTTP call has a MessagePort
 * of its own, with byte credit. Transferable streams are no choice: they throw in WebKit, and hang in Chromium 156 when
 * a tab closes.
 */
import { fields, isBytes } from '../glia/untrusted.ts'
import { type ContextMessage, readContextMessage } from '../glia/call-context.ts'
import type { FailureMessage } from '../glia/errors.ts'
import { readFailureMessage, type ToldFailure } from '../glia/failure-message.ts'

/** Bytes of a body that may be under way in each direction before the receiver has given credit. */
export const WINDOW_BYTES = 1024 * 1024
/** Time that a tab has to confirm a call, in ms. A frozen tab does not answer. */
export const ACK_MS = 5000
/** Largest body that travels in the call's own message. */
export const INLINE_BYTES = 64 * 1024

/**
 * A Web Lock that a service worker, tab or other caller holds as long as it lives. Whoever gets the lock knows that the
 * holder is gone.
 */
export type LifeLock = `glia:alive:${string}`

export function newLifeLock(): LifeLock {
  return `glia:alive:${crypto.randomUUID()}`
}

/** Tab to service worker. */
export type ToService =
  /** The tab is here. Sent at start, when a service worker takes over, and when it asks. */
  | { type: 'glia:hello'; peer: string; slot: number; lock: LifeLock }
  /** A call for another tab. It is passed on with the port, if that tab is there. */
  | { type: 'glia:pass'; peer: string; call: CallMessage }
  /** A page wants to be controlled, after a forced reload. */
  | { type: 'glia:claim' }

/** Service worker to tab. */
export type ToTab =
  /** A service worker that was just started asks who is there. */
  | { type: 'glia:who' }
  /** The answer to a hello, with the browser's id of the tab. It owns the keys of the tab's requests. */
  | { type: 'glia:welcome'; clientId?: string }
  | CallMessage

/** A call, with the port for its bodies. */
export interface CallMessage {
  type: 'glia:call'
  /** Lock of the caller. When it is released, nobody waits for the reply. */
  callerLock: LifeLock
  /** In ms since the epoch. A tab that was frozen until then drops the call, because the caller has gone. */
  deadline: number
  /** The page that sent the request. It owns the `Idempotency-Key`. */
  clientId: string
  method: string
  /** Path below the app's base, with its slash. */
  path: string
  headers: [string, string][]
  /** The start of the body. */
  first: Uint8Array<ArrayBuffer> | null
  /** Whether `first` is the whole body. */
  complete: boolean
  /** Bytes of the whole body, if they are known. */
  bodyBytes?: number | undefined
  /** The calls for which this one is made. Only another tab has any. */
  context?: ContextMessage | undefined
  /** Whether the caller reads the exit code from `end`. For other callers a code other than 0 is an `error`. */
  tellsExit?: boolean | undefined
}

/** Caller to tab, over the port of a call. */
export type FromCaller =
  | { type: 'data'; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'end' }
  /** The body of the request broke off, or nobody waits for the reply. */
  | { type: 'cancel' }
  /** The caller has passed on so many bytes of the reply. */
  | { type: 'credit'; bytes: number }
  /** The caller has heard nothing for a while. */
  | { type: 'ping' }

/** Tab to caller, over the port of a call. */
export type FromTab =
  /** The call has arrived and runs, or will run. The lock is the tab's. A tab of an older version answers no pings. */
  | { type: 'ack'; lock: LifeLock; answersPings?: boolean }
  /** Answer to a ping. */
  | { type: 'pong' }
  | {
      type: 'head'
      status: number
      headers: [string, string][]
      body: Uint8Array<ArrayBuffer> | null
      complete: boolean
      /** Present if the reply is complete. */
      exit?: ToldFailure | undefined
    }
  | { type: 'data'; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'end'; exit?: ToldFailure | undefined }
  | ({ type: 'error' } & FailureMessage)
  | { type: 'credit'; bytes: number }
  /** There is no such peer here. Only a service worker that was to pass the call on says so. */
  | { type: 'no-tab' }

/** @throws {TypeError} if the value is none of the messages. */
export function readFromCaller(value: unknown): FromCaller {
  const { type, bytes } = fields(value)
  if (type === 'end' || type === 'cancel' || type === 'ping') return { type }
  if (type === 'credit' && typeof bytes === 'number') return { type, bytes }
  if (type === 'data' && isBytes(bytes)) return { type, bytes }
  throw new TypeError(`Not a message of a call: ${String(type)}`)
}

/** Reads more about a failure than its code and sentence. */
export type ReadFacts = Parameters<typeof readFailureMessage>[1]

/** @throws {TypeError} if the value is none of the messages. */
export function readFromTab(value: unknown, readFacts?: ReadFacts): FromTab {
  const { type, bytes, status, headers, body, complete, exit, lock, answersPings } = fields(value)
  if (type === 'no-tab' || type === 'pong') return { type }
  if (type === 'end') return { type, exit: readExit(exit, readFacts) }
  if (type === 'ack' && isLifeLock(lock)) return { type, lock, answersPings: answersPings === true }
  if (type === 'credit' && typeof bytes === 'number') return { type, bytes }
  if (type === 'data' && isBytes(bytes)) return { type, bytes }
  const failure = readFailureMessage(value, readFacts)
  if (type === 'error' && failure) return { type, ...failure }
  if (type === 'head' && typeof status === 'number' && isHeaders(headers) && (body === null || isBytes(body))) {
    return { type, status, headers, body, complete: complete === true, exit: readExit(exit, readFacts) }
  }
  throw new TypeError(`Not a message of a call: ${String(type)}`)
}

/** Undefined if there is none. */
function readExit(value: unknown, readFacts: ReadFacts): ToldFailure | undefined {
  const exit = readFailureMessage(value, readFacts)
  return exit?.exitCode === undefined ? undefined : exit
}

/** Undefined if the message is somebody else's. */
export function readToTab(value: unknown): ToTab | undefined {
  const { type, clientId } = fields(value)
  if (type === 'glia:who') return { type }
  // A service worker of an older version sends no id.
  if (type === 'glia:welcome') return typeof clientId === 'string' ? { type, clientId } : { type }
  return readCall(value)
}

/** Undefined if the message is somebody else's. */
export function readToService(value: unknown): ToService | undefined {
  const { type, peer, slot, lock, call } = fields(value)
  if (type === 'glia:claim') return { type }
  if (type === 'glia:hello' && typeof peer === 'string' && typeof slot === 'number' && isLifeLock(lock)) {
    return { type, peer, slot, lock }
  }
  const passed = readCall(call)
  return type === 'glia:pass' && typeof peer === 'string' && passed ? { type, peer, call: passed } : undefined
}

function readCall(value: unknown): CallMessage | undefined {
  const {
    type,
    callerLock,
    deadline,
    clientId,
    method,
    path,
    headers,
    first,
    complete,
    bodyBytes,
    context,
    tellsExit,
  } = fields(value)
  if (type !== 'glia:call' || !isLifeLock(callerLock) || typeof deadline !== 'number') return undefined
  if (typeof clientId !== 'string' || typeof method !== 'string' || typeof path !== 'string') return undefined
  if (!isHeaders(headers) || !(first === null || isBytes(first)) || typeof complete !== 'boolean') return undefined
  const call: CallMessage = { type, callerLock, deadline, clientId, method, path, headers, first, complete }
  if (Number.isSafeInteger(bodyBytes) && Number(bodyBytes) >= 0) call.bodyBytes = Number(bodyBytes)
  if (tellsExit === true) call.tellsExit = true
  if (context === undefined) return call
  const read = readContextMessage(context)
  return read && { ...call, context: read }
}

function isLifeLock(value: unknown): value is LifeLock {
  return typeof value === 'string' && value.startsWith('glia:alive:')
}

function isHeaders(value: unknown): value is [string, string][] {
  return (
    Array.isArray(value) &&
    value.every((pair) => Array.isArray(pair) && typeof pair[0] === 'string' && typeof pair[1] === 'string')
  )
}
