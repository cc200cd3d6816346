import { isCancellation } from '../cancel.ts'
import { toGliaError } from '../errors.ts'
import type { Stream } from '../stream/stream.ts'

/** Time that a method has to return once its owner has given its message up, in ms. */
const RETURN_MS = 500

export interface AbandonmentInit {
  stream: Stream
  /** Whether the owner waits for the turn that the message has. */
  ownerWaits(): boolean
  /** The method has not returned. Called at most once. */
  stop(): void
}

/**
 * Ends a method that does not return after the owner has given its message up: if the owner cancelled the message, or as soon as
 * the owner waits for the turn. What the instance has in its memory is lost then. So the calls of others do not end it, and a page
 * that is closed does not end it either while the owner does not wait.
 */
export class Abandonment {
  readonly #init: AbandonmentInit
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(init: AbandonmentInit) {
    this.#init = init
  }

  /** The message was given up, or somebody began to wait. */
  look(): void {
    const { stream, ownerWaits, stop } = this.#init
    const { signal, caller } = stream
    if (!signal.aborted || this.#timer !== undefined) return
    const isGivenUp = caller === 'browser' && toGliaError(signal.reason).code === 'ERR_ABORTED'
    if (isCancellation(signal.reason) || (isGivenUp && ownerWaits())) this.#timer = setTimeout(stop, RETURN_MS)
  }

  /** The method has returned. */
  end(): void {
    clearTimeout(this.#timer)
  }
}
