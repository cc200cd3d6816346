import { seconds } from '../wait/deadline.ts'
import { LOOK_MS, MIN_BYTES_PER_SECOND, OWNER_PATIENCE_MS, PATIENCE_MS, SHORT_PATIENCE_MS } from './door-limits.ts'
import { GliaError } from '../errors.ts'
import type { Behind } from '../process/mailbox.ts'

export interface PaceInit {
  /** Who waits for the turn that this message has. */
  behind(): Behind
  /** Whether the method waits for more of the message. */
  awaitsInput(): boolean
  /** This caller was too slow for this process lately. */
  isSuspect: boolean
  /** The caller is too slow. Called at most once. */
  tooSlow(error: GliaError): void
}

/**
 * Sees that a message which has its turn keeps moving while others wait. Only the time counts in which the method waits for
 * the caller: to send more, or to read its reply. While nobody waits, a caller may take its time.
 */
export class Pace {
  readonly #init: PaceInit
  #isReading = false
  #isWriting = false
  #looking: ReturnType<typeof setInterval> | undefined
  /** Time that the method has waited since others wait. */
  #waitedMs = 0
  /**
   * The same, less the time that the moved bytes may take, and never below zero. So bytes that buffers on the way take at once
   * give no further time to a caller that then stops.
   */
  #lateMs = 0
  /** Bytes that have moved since the last look. */
  #movedBytes = 0
  #lookedAt = 0
  #over = false

  constructor(init: PaceInit) {
    this.#init = init
  }

  /** Time that the turn was lost to the caller, in ms; 0 if it kept the message moving for most of the time. */
  get lostMs(): number {
    return this.#lateMs > this.#waitedMs / 2 ? this.#lateMs : 0
  }

  /** More of the message is asked for. @returns to be called when it is there. */
  reads(): (bytes: number) => void {
    this.#isReading = true
    return (bytes) => {
      this.#isReading = false
      this.#movedBytes += bytes
    }
  }

  /** A part of the reply is handed over. @returns to be called when the caller has taken it. */
  writes(): (bytes: number) => void {
    this.#isWriting = true
    return (bytes) => {
      this.#isWriting = false
      this.#movedBytes += bytes
    }
  }

  /** Somebody may wait now. */
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
