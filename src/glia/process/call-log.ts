import { isOfThisBrowser } from './callers.ts'
import type { ErrorCode } from '../errors.ts'
import type { Stream } from '../stream/stream.ts'

/** Calls that had a turn and are remembered, for each process. */
export const MAX_CALLS_KEPT = 1000
/** Other calls that are remembered, of all callers and of one. Equal ones are one record. */
export const MAX_REFUSALS_KEPT = 200
export const MAX_REFUSALS_PER_CALLER = 16
/** Peers for which a call was made, the nearest ones. */
const MAX_PEERS = 8
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
  /** Ids of the peers for which it was made: the last 8 if there are more. */
  readonly onBehalfOf: readonly string[]
  /** How it ended. undefined: it has not. */
  readonly result: 'ok' | ErrorCode | undefined
  /** Bytes of the message that the process has read, and of the reply that it has written. */
  readonly bytesIn: number
  readonly bytesOut: number
  /** From when it came to its end, in ms, with its time in the mailbox. undefined: it has not ended. */
  readonly ms: number | undefined
  /** How many times it came. Equal calls that never had a turn and ended in the same way are one record. */
  readonly times: number
}

/** A call while it is under way, and later what is kept of it. Small: there is one for each call. */
export interface KeptCall {
  at: number
  /** Its place in the order in which calls came. */
  order: number
  readonly startedAt: number
  readonly method: string
  readonly caller: string
  readonly who: Pick<CallRecord, 'from' | 'peer' | 'process'>
  readonly onBehalfOf: readonly string[]
  result: CallRecord['result']
  bytesIn: number
  bytesOut: number
  ms: number | undefined
  times: number
}

/**
 * The last calls of a process: who called, when, what, and how it ended. Calls that had no turn, because they were refused or given
 * up before, have places of their own: however many there are, they push out no call that the process has handled.
 */
export class CallLog {
  /** Calls that wait for their turn. The door and the mailbox bound them. */
  readonly #waiting = new Set<KeptCall>()
  /** Calls that had a turn. */
  readonly #handled: KeptCall[] = []
  /** Where the next one of them goes, once there are as many as are kept. */
  #next = 0
  /** Calls that ended without a turn, by what they have in common. The one that came last is the last. */
  readonly #refused = new Map<string, KeptCall>()
  #order = 0

  /** A call has been let in. It waits for its turn. */
  begin(stream: Stream): KeptCall {
    const call = this.#make(stream)
    this.#waiting.add(call)
    return call
  }

  /** A call has its turn. */
  handle(call: KeptCall): void {
    this.#waiting.delete(call)
    if (this.#handled.length < MAX_CALLS_KEPT) {
      this.#handled.push(call)
      return
    }
    this.#handled[this.#next] = call
    this.#next = (this.#next + 1) % MAX_CALLS_KEPT
  }

  end(call: KeptCall, result: 'ok' | ErrorCode): void {
    call.result = result
    call.ms = performance.now() - call.startedAt
    if (this.#waiting.delete(call)) this.#keepRefused(call)
  }

  /** A call was not let in. */
  refused(stream: Stream, result: ErrorCode): void {
    this.end(this.begin(stream), result)
  }

  /** Those that are kept, the last one first. */
  list(): CallRecord[] {
    const all = [...this.#waiting, ...this.#handled, ...this.#refused.values()]
    return all.toSorted((one, other) => other.order - one.order).map(recordOf)
  }

  #make({ methodName: method, caller, context }: Stream): KeptCall {
    this.#order += 1
    return {
      at: Date.now(),
      order: this.#order,
      startedAt: performance.now(),
      method,
      caller,
      who: whoOf(caller, context.chain.at(-1)),
      onBehalfOf: context.onBehalfOf.slice(-MAX_PEERS),
      result: undefined,
      bytesIn: 0,
      bytesOut: 0,
      ms: undefined,
      times: 1,
    }
  }

  #keepRefused(call: KeptCall): void {
    const { caller, method, onBehalfOf, result, who } = call
    const key = JSON.stringify([caller, who.process, method, onBehalfOf, result])
    const known = this.#refused.get(key)
    if (known) {
      call.times += known.times
      this.#refused.delete(key)
    }
    this.#refused.set(key, call)
    const ofCaller = [...this.#refused].filter(([, each]) => each.caller === caller)
    const oldest = ofCaller.length > MAX_REFUSALS_PER_CALLER ? ofCaller[0] : undefined
    if (oldest) this.#refused.delete(oldest[0])
    const [first] = this.#refused.keys()
    if (this.#refused.size > MAX_REFUSALS_KEPT && first !== undefined) this.#refused.delete(first)
  }
}

function recordOf({ at, method, who, onBehalfOf, result, bytesIn, bytesOut, ms, times }: KeptCall): CallRecord {
  return { at, method, ...who, onBehalfOf, result, bytesIn, bytesOut, ms, times }
}

/**
 * What is known of the caller. A peer can name only processes of its own.
 * @param link The process that waits for the call, as in a call chain.
 */
function whoOf(caller: string, link: string | undefined): KeptCall['who'] {
  if (caller !== 'browser' && isOfThisBrowser(caller)) return { from: 'process', peer: undefined, process: caller }
  const [host, name = ''] = link?.split('/') ?? []
  const process = name.slice(0, MAX_NAME) || undefined
  if (caller !== 'browser') return { from: 'peer', peer: caller, process: host === caller ? process : undefined }
  // Only another tab of this browser passes a chain on.
  return process ? { from: 'process', peer: host, process } : PAGE
}

const PAGE: KeptCall['who'] = { from: 'page', peer: undefined, process: undefined }
