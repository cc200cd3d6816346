import { seconds } from '../wait/deadline.ts'
import { LOOK_MS, MIN_BYTES_PER_SECOND, OWNER_PATIENCE_MS, PATIENCE_MS, SHORT_PATIENCE_MS } from '../call-limits.ts'
import { GliaError } from '../errors.ts'
import type { Behind } from './mailbox.ts'

export interface PaceInit {
  /** The messages that wait for the turn which this message has. */
  behind(): Behind
  /** Whether the method waits for more of the message. */
  awaitsInput(): boolean
  /** Whether this caller was too slow for this process lately. */
  isSuspect: boolean
  /** Called at most once, when the caller is too slow. */
  tooSlow(error: GliaError): void
}

/**
 * Checks that a message with the turn keeps moving while others wait. Only the time counts in which the method waits
 * for the caller: for more of the message, or for the reply to be read. While nobody waits, a caller may take its time.
 */
export class Pace {
  readonly #init: PaceInit
  #isReading = false
  #isWriting = false
  #looking: ReturnType<typeof setInterval> | undefined
  /** Time that the method has waited for the caller since others wait. */
  #waitedMs = 0
  /**
   * The same, less the time that the moved bytes may take, and never below zero. So bytes that buffers on the way take
   * at once give a caller that then stops no further time.
   */
  #lateMs = 0
  /** Bytes that have moved since the last look. */
  #movedBytes = 0
  #lookedAt = 0
  #over = false

  constructor(init: PaceInit) {
    this.#init = init
  }

  /** Time of the turn that was lost to the caller, in ms; 0 if the message moved for most of the time. */
  get lostMs(): number {
    return this.#lateMs > this.#waitedMs / 2 ? this.#lateMs : 0
  }

  /** The method asks for more of the message. @returns a function to call when it is there. */
  reads(): (bytes: number) => void {
    this.#isReading = true
    return (bytes) => {
      this.#isReading = false
      this.#movedBytes += bytes
    }
  }

  /** A part of the reply is given to the caller. @returns a function to call when the caller has taken it. */
  writes(): (bytes: number) => void {
    this.#isWriting = true
    return (bytes) => {
      this.#isWriting = false
      this.#movedBytes += bytes
    }
  }

  /** Call it when somebody may have begun to wait. */
  watch(): void {
    if (this.#over || this.#looking !== undefined || this.#init.behind() === 'nobody') return
    this.#waitedMs = this.#lateMs = this.#movedBytes = 0
    this.#lookedAt = performance.now()
    this.#looking = setInterval(() => this.#look(), LOOK_MS)
  }

  /** The message is over. Idempotent. */
  stop(): void {
    this.#over = true
    this.#rest()
  }

  #look(): void {
    const now = performance.now()
    const elapsedMs = now - this.#lookedAt
    this.#lookedAt = now
    const behind = this.#init.behind()
    if (behind === 'nobody') return this.#rest()
    const isWaiting = this.#isWriting || (this.#isReading && this.#init.awaitsInput())
    const waitedMs = isWaiting ? elapsedMs : 0
    this.#waitedMs += waitedMs
    this.#lateMs = Math.max(0, this.#lateMs + waitedMs - (1000 * this.#movedBytes) / MIN_BYTES_PER_SECOND)
    this.#movedBytes = 0
    if (!isWaiting || !this.#isTooLate(behind)) return
    this.stop()
    this.#init.tooSlow(tooSlow(this.#isWriting, this.#waitedMs))
  }

  #rest(): void {
    clearInterval(this.#looking)
    this.#looking = undefined
  }

  #isTooLate(behind: Behind): boolean {
    if (behind === 'owner' && this.#waitedMs > OWNER_PATIENCE_MS) return true
    return this.#lateMs > (this.#init.isSuspect ? SHORT_PATIENCE_MS : PATIENCE_MS)
  }
}

function tooSlow(isWriting: boolean, ms: number): GliaError {
  const what = isWriting ? 'its reply to be read' : 'the rest of its message'
  return new GliaError(
    'ERR_DEADLINE',
    `Others wait for this process, and it waited ${seconds(ms)} for ${what}: the call was ended. Send the whole message at once and read the reply as it comes.`,
  )
}
