import { isCancellation } from '../cancel.ts'
import { toGliaError } from '../errors.ts'
import type { Stream } from '../stream/stream.ts'

/** Time that a method has to return after its owner has given the message up, in ms. */
const RETURN_MS = 500

export interface AbandonmentInit {
  stream: Stream
  /** Whether the owner waits for the turn of this message. */
  ownerWaits(): boolean
  /** Called at most once, if the method has not returned. */
  stop(): void
}

/**
 * Ends a method that does not return after the owner has given its message up: at once if the owner cancelled the
 * message, otherwise when the owner waits for the turn. What the instance has in memory is lost then. So the calls of
 * others do not end it, and neither does a closed page while the owner does not wait.
 */
export class Abandonment {
  readonly #init: AbandonmentInit
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(init: AbandonmentInit) {
    this.#init = init
  }

  /** Call it when the message was given up, or when somebody began to wait. */
  look(): void {
    const { stream, ownerWaits, stop } = this.#init
    const { signal, caller } = stream
    if (!signal.aborted || this.#timer !== undefined) return
    const isGivenUp = caller === 'browser' && toGliaError(signal.reason).code === 'ERR_ABORTED'
    if (isCancellation(signal.reason) || (isGivenUp && ownerWaits())) this.#timer = setTimeout(stop, RETURN_MS)
  }

  /** Call it when the method has returned. */
  end(): void {
    clearTimeout(this.#timer)
  }
}
