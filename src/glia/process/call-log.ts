import type { CallNote } from '../call-note.ts'
import { isOfThisBrowser } from './callers.ts'
import type { ErrorCode } from '../errors.ts'
import type { Stream } from '../stream/stream.ts'

/** Calls with a turn that are remembered, for each process. */
export const MAX_CALLS_KEPT = 1000
/** Other calls that are remembered, of all callers and of one. Equal ones are one record. */
export const MAX_REFUSALS_KEPT = 200
export const MAX_REFUSALS_PER_CALLER = 16
/** Most peers of `onBehalfOf` in a record: the nearest ones. */
const MAX_PEERS = 8
/** Longest kept name of another peer's process, in UTF-16 units. */
const MAX_NAME = 64

/** A call of a process, as its owner sees it. */
export interface CallRecord {
  /** When the call came, in ms since the epoch. Of several refusals: the last one. */
  readonly at: number
  readonly method: string
  /** Who called: a page of this browser, a process of this browser, or another peer. */
  readonly from: 'page' | 'process' | 'peer'
  /** Id of the calling peer; undefined if it is this one. */
  readonly peer: string | undefined
  /**
   * The calling process: its PID if it is in this tab. For another peer it is an opaque name, always the same for one
   * process. Undefined if no process called, or none is named.
   */
  readonly process: string | undefined
  /** Ids of the peers for which it was made: the last 8 if there are more. */
  readonly onBehalfOf: readonly string[]
  /** How the call ended; undefined while it runs. */
  readonly result: 'ok' | ErrorCode | undefined
  /** Bytes of the message that the process has read, and bytes of the reply that it has written. */
  readonly bytesIn: number
  readonly bytesOut: number
  /** Time from its arrival to its end, in ms, including the mailbox; undefined while it runs. */
  readonly ms: number | undefined
  /** How many times it came. Equal calls without a turn that ended in the same way are one record. */
  readonly times: number
}

/** A call under way, and later its record. It is small: there is one for each call. */
export interface KeptCall {
  at: number
  /** Its place in the order of arrival. */
  order: number
  readonly startedAt: number
  /** When it got its turn, on the same clock. */
  turnAt: number | undefined
  /** Where the recorder of this peer takes what the process knows; undefined once the call is over. */
  note: CallNote | undefined
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
 * The last calls of a process: who called, when, what, and how it ended. Calls without a turn, which were refused or
 * given up before, have places of their own. So however many they are, they push out no call that the process has
 * handled.
 */
export class CallLog {
  /** Calls that wait for their turn. The door and the mailbox limit them. */
  readonly #waiting = new Set<KeptCall>()
  /** Calls that had a turn. */
  readonly #handled: KeptCall[] = []
  /** Place of the next handled call, once all places are used. */
  #next = 0
  /** Calls that ended without a turn, by their common facts. The latest one is the last. */
  readonly #refused = new Map<string, KeptCall>()
  #order = 0

  /**
   * A call was admitted, and waits for its turn.
   * @param came When it came. Left out: now.
   */
  begin(stream: Stream, note?: CallNote, came?: CallNote): KeptCall {
    const call = this.#make(stream, note, came)
    this.#waiting.add(call)
    if (note) note.served = call
    return call
  }

  /** A call has its turn. @param hasWaited Whether it did not get it at once. */
  handle(call: KeptCall, hasWaited: boolean): void {
    // Asking for the time is a large part of what a record costs.
    call.turnAt = hasWaited ? performance.now() : call.startedAt
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
    call.note = undefined
    if (this.#waiting.delete(call)) this.#keepRefused(call)
  }

  /** A call was refused. */
  refused(stream: Stream, result: ErrorCode): void {
    this.end(this.begin(stream), result)
  }

  /** The kept records, the newest first. */
  list(): CallRecord[] {
    const all = [...this.#waiting, ...this.#handled, ...this.#refused.values()]
    return all.toSorted((one, other) => other.order - one.order).map(recordOf)
  }

  #make({ methodName: method, caller, context }: Stream, note?: CallNote, came?: CallNote): KeptCall {
    this.#order += 1
    return {
      at: came?.at ?? Date.now(),
      order: this.#order,
      startedAt: came?.startedAt ?? performance.now(),
      turnAt: undefined,
      note,
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
 * The known facts about the caller. A peer can name only processes of its own.
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
