import { isOfThisBrowser } from './callers.ts'
import type { ErrorCode } from './errors.ts'
import type { Stream } from './stream.ts'

/** Calls that are remembered for each process. */
export const MAX_CALLS_KEPT = 1000
/** Longest name of another peer's process that is kept, in UTF-16 units. */
const MAX_NAME = 64

/** A call of a process, as its owner sees it. */
export interface CallRecord {
  /** When it came, in ms since the epoch. Of several that were refused: the last one. */
  readonly at: number
  readonly method: string
  /** Who called: a page of this browser, a process of this browser, or another peer. */
  readonly from: 'page' | 'process' | 'peer'
  /** Id of the peer that called. undefined: it is this one. */
  readonly peer: string | undefined
  /**
   * The process that called: its PID if it is one of this tab. Of another peer it is an opaque name, always the same for one
   * process. undefined: no process, or not told.
   */
  readonly process: string | undefined
  /** Ids of other peers for which it was made. */
  readonly onBehalfOf: readonly string[]
  /** How it ended. undefined: it has not. */
  readonly result: 'ok' | ErrorCode | undefined
  /** Bytes of the message that the process has read, and of the reply that it has written. */
  readonly bytesIn: number
  readonly bytesOut: number
  /** From when it came to its end, in ms, with its time in the mailbox. undefined: it has not ended. */
  readonly ms: number | undefined
  /** How many times it came in a row. Calls that are refused in the same way, one after the other, are one record. */
  readonly times: number
}

/** A call while it is under way, and later what is kept of it. Small: there is one for each call. */
export interface KeptCall {
  at: number
  readonly startedAt: number
  readonly method: string
  readonly caller: string
  /** The process that waits for it, as in a call chain. */
  readonly link: string | undefined
  readonly onBehalfOf: readonly string[]
  result: CallRecord['result']
  bytesIn: number
  bytesOut: number
  ms: number | undefined
  times: number
  /** It was not let in. */
  isRefused: boolean
}

/** The last calls of a process: who called, when, what, and how it ended. */
export class CallLog {
  readonly #kept: KeptCall[] = []
  /** Where the next one goes, once there are as many as are kept. */
  #next = 0
  #last: KeptCall | undefined

  /** A call has been let in. */
  begin(stream: Stream): KeptCall {
    const { methodName: method, caller, context } = stream
    const call: KeptCall = {
      at: Date.now(),
      startedAt: performance.now(),
      method,
      caller,
      link: context.chain.at(-1),
      onBehalfOf: context.onBehalfOf,
      result: undefined,
      bytesIn: 0,
      bytesOut: 0,
      ms: undefined,
      times: 1,
      isRefused: false,
    }
    this.#keep(call)
    return call
  }

  end(call: KeptCall, result: 'ok' | ErrorCode): void {
    call.result = result
    call.ms = performance.now() - call.startedAt
  }

  /** A call was refused. A caller that tries again and again does not push the other records out. */
  refused(stream: Stream, result: ErrorCode): void {
    const last = this.#last
    if (last?.isRefused && last.result === result && isSameCall(last, stream)) {
      last.at = Date.now()
      last.times += 1
      return
    }
    const call = this.begin(stream)
    call.isRefused = true
    this.end(call, result)
  }

  /** Those that are kept, the last one first. */
  list(): CallRecord[] {
    return [...this.#kept.slice(this.#next), ...this.#kept.slice(0, this.#next)].toReversed().map(recordOf)
  }

  #keep(call: KeptCall): void {
    this.#last = call
    if (this.#kept.length < MAX_CALLS_KEPT) {
      this.#kept.push(call)
      return
    }
    this.#kept[this.#next] = call
    this.#next = (this.#next + 1) % MAX_CALLS_KEPT
  }
}

function isSameCall({ method, caller, onBehalfOf }: KeptCall, stream: Stream): boolean {
  const strangers = stream.context.onBehalfOf
  return (
    method === stream.methodName &&
    caller === stream.caller &&
    onBehalfOf.length === strangers.length &&
    onBehalfOf.every((peer, i) => peer === strangers[i])
  )
}

function recordOf(call: KeptCall): CallRecord {
  const { at, method, onBehalfOf, result, bytesIn, bytesOut, ms, times } = call
  return { at, method, ...whoOf(call), onBehalfOf, result, bytesIn, bytesOut, ms, times }
}

/** What is known of the caller. A peer can name only processes of its own. */
function whoOf({ caller, link }: KeptCall): Pick<CallRecord, 'from' | 'peer' | 'process'> {
  if (caller !== 'browser' && isOfThisBrowser(caller)) return { from: 'process', peer: undefined, process: caller }
  const [host, name = ''] = link?.split('/') ?? []
  const process = name.slice(0, MAX_NAME) || undefined
  if (caller !== 'browser') return { from: 'peer', peer: caller, process: host === caller ? process : undefined }
  // Only another tab of this browser passes a chain on.
  return process ? { from: 'process', peer: host, process } : { from: 'page', peer: undefined, process: undefined }
}
