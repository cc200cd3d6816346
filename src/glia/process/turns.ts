import type { GliaError } from '../errors.ts'
import { type Applicant, Mailbox } from './mailbox.ts'

export interface TurnsInit {
  /** How many messages of the owner may wait for their turn, and how many other peers may have messages waiting. */
  mailbox: number
  /** Longest time a message may wait for it, in ms. */
  deadlineMs: number
}

/** What waits behind the message that has its turn. */
export type Behind = 'nobody' | 'others' | 'owner'

/** The turns of a process: its mailbox, with a wait after a turn where its supervisor wants one. */
export class Turns {
  readonly #mailbox: Mailbox
  #deadlineMs: number
  #pause: { until: number; end(): void } | undefined

  /** @param onWait Told when somebody begins to wait. */
  constructor({ mailbox, deadlineMs }: TurnsInit, onWait?: () => void) {
    this.#mailbox = new Mailbox(mailbox, onWait)
    this.#deadlineMs = deadlineMs
  }

  /** Sets other limits, for the messages that come from now on. */
  limit({ mailbox, deadlineMs }: TurnsInit): void {
    this.#mailbox.capacity = mailbox
    this.#deadlineMs = deadlineMs
  }

  get waiting(): number {
    return this.#mailbox.waiting
  }

  /** Who waits. */
  get behind(): Behind {
    if (this.#mailbox.ownerWaits) return 'owner'
    return this.#mailbox.waiting > 0 ? 'others' : 'nobody'
  }

  /** Whether nobody has the turn, so that nobody waits either. */
  get free(): boolean {
    return this.#mailbox.free
  }

  /** While there is a wait: when it is over, in ms since the epoch. */
  get pausedUntil(): number | undefined {
    return this.#pause?.until
  }

  /** As {@link Mailbox.holdBack}. */
  holdBack(ms: number): void {
    this.#mailbox.holdBack(ms)
  }

  /** As {@link Mailbox.look}. */
  look(): void {
    this.#mailbox.look()
  }

  /** The turn, if nobody has it. @param who Whose message wants it. Left out: the owner's. */
  tryTake(who?: Applicant): Turn | undefined {
    const leave = this.#mailbox.tryEnter(who)
    return leave && this.#turn(leave)
  }

  /** @throws {GliaError} ERR_MAILBOX_FULL; ERR_DEADLINE; what {@link close} was given; the signal's reason. */
  async take(signal: AbortSignal, who?: Applicant): Promise<Turn> {
    return this.#turn(await this.#mailbox.enter(signal, who, this.#deadlineMs))
  }

  /** The next turn, for what the owner does: before all messages that wait, and without the rest of a wait. @throws the signal's reason. */
  async takeFirst(signal: AbortSignal): Promise<Turn> {
    // Given up already: the wait goes on.
    signal.throwIfAborted()
    const entered = this.#mailbox.enterFirst(signal)
    this.#pause?.end()
    return this.#turn(await entered)
  }

  /** There will be no more turns: every message that waits is refused. */
  close(error: GliaError): void {
    this.#mailbox.refuseWaiting(error)
    this.#pause?.end()
  }

  /** As {@link Mailbox.whoWaits}. */
  whoWaits(): (error: GliaError) => void {
    return this.#mailbox.whoWaits()
  }

  #turn(leave: () => void): Turn {
    return {
      end: leave,
      endAfter: (ms, then) => {
        const end = (): void => {
          clearTimeout(timer)
          this.#pause = undefined
          then()
          leave()
        }
        const timer = setTimeout(end, ms)
        this.#pause = { until: Date.now() + ms, end }
      },
    }
  }
}

/** A turn that is taken. One of these ends it. */
export interface Turn {
  end(): void
  /** Ends it after a wait, and calls `then` just before. */
  endAfter(ms: number, then: () => void): void
}
