import { type Connection, UnsupportedProtocolError } from '@libp2p/interface'
import { type Address, formatAddress } from '../../glia/address.ts'
import { GliaError, isErrorCode } from '../../glia/errors.ts'
import { readFailure } from '../../glia/failure.ts'
import { fields } from '../../glia/untrusted.ts'
import { MAX_FAILURES, MAX_WHY, WHY_MS, WHY_PROTOCOL } from '../limits.ts'
import { askText } from './text-answer.ts'

/** How long a peer is not asked that did not answer, in ms. */
const MUTE_MS = 60_000

/** Asks why a call was reset; undefined if that cannot be found out. Never rejects. */
export type AskWhy = () => Promise<GliaError | undefined>

/** A failure that the other peer has told. */
interface Reason {
  /** The address that was called. */
  to: string
  error: GliaError
}

/**
 * Asks the other peer why calls in the raw dialect were reset, over the connection of these calls. A failure that is
 * told has the address of its call, and no id. So a call takes a failure that was first told after it began, and that
 * no other call has taken. Of calls of one address at the same time, any gets any of their failures.
 */
export class RawReasons {
  readonly #connection: Connection
  #calls = 0
  /** The last answer, one text for each failure. */
  #last: readonly string[] = []
  /** Failures that no call has taken, each with the number of calls that had begun when it was told. */
  #untaken: (Reason & { calls: number })[] = []
  #asking: Promise<void> | undefined
  #next: Promise<void> | undefined
  /**
   * Until when the peer is not asked, on the clock of `performance.now()`: for good if it does not speak the protocol,
   * for a while if it did not answer in time.
   */
  #muteUntil = 0

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Call it when a call begins. */
  begin(address: Address): AskWhy {
    const call = ++this.#calls
    return async () => {
      await this.#ask()
      const to = formatAddress(address)
      const at = this.#untaken.findLastIndex((reason) => reason.to === to && reason.calls >= call)
      return this.#untaken.splice(at, at < 0 ? 0 : 1)[0]?.error
    }
  }

  /** Resolves when a question that began after this moment is answered. Calls that are reset together ask together. */
  #ask(): Promise<void> {
    if (!this.#asking) return this.#question()
    this.#next ??= this.#asking.then(() => this.#question())
    return this.#next
  }

  #question(): Promise<void> {
    this.#next = undefined
    this.#asking = this.#read().finally(() => (this.#asking = undefined))
    return this.#asking
  }

  async #read(): Promise<void> {
    if (performance.now() < this.#muteUntil || this.#connection.status !== 'open') return
    const question = {
      protocol: WHY_PROTOCOL,
      maxLength: MAX_WHY,
      tooLong: () => new TypeError('the answer is too long'),
    }
    try {
      const told = readAnswer(await askText(this.#connection, question, AbortSignal.timeout(WHY_MS)))
      const remote = this.#connection.remotePeer.toString()
      const reasons = told.slice(countOfKnown(told, this.#last)).flatMap((each) => readReason(each, remote) ?? [])
      this.#last = told
      this.#untaken = [...this.#untaken, ...reasons.map((each) => ({ ...each, calls: this.#calls }))].slice(
        -MAX_FAILURES,
      )
    } catch (thrown) {
      // The call has failed already, and its caller is told that it was reset.
      this.#muteUntil = isForGood(thrown) ? Infinity : performance.now() + MUTE_MS
    }
  }
}

/** Whether a peer that fails so has no answers: it refuses the protocol, or its answer is none. */
function isForGood(thrown: unknown): boolean {
  return thrown instanceof UnsupportedProtocolError || thrown instanceof SyntaxError || thrown instanceof TypeError
}

/** The failures in an answer, one text for each. @throws {Error} if the answer is no list */
export function readAnswer(json: string): string[] {
  const told: unknown = JSON.parse(json)
  if (!Array.isArray(told)) throw new TypeError('the answer is no list')
  return told.slice(-MAX_FAILURES).map((each) => JSON.stringify(each))
}

/** Undefined if it is no failure. @param remote The peer that tells it. */
export function readReason(json: string, remote: string): Reason | undefined {
  const given = fields(JSON.parse(json))
  const { to, code } = given
  if (typeof to !== 'string' || typeof code !== 'string') return undefined
  const error = readFailure({ peer: remote, ...given, code: isErrorCode(code) ? code : 'ERR_INTERNAL' })
  return error && { to, error }
}

/** How many of the first failures were told before. A list gets longer at its end, and loses the oldest. */
function countOfKnown(told: readonly string[], last: readonly string[]): number {
  const isSame = (count: number): boolean =>
    told.slice(0, count).every((each, i) => each === last[last.length - count + i])
  let count = Math.min(told.length, last.length)
  while (!isSame(count)) count -= 1
  return count
}
