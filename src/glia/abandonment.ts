import { isCancellation } from './cancel.ts'
import { toGliaError } from './errors.ts'
import type { Stream } from './stream.ts'

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
 * Sees that a method which does not return frees its process when its owner has given the message up: at once if it was
 * cancelled, and else when the owner wants the turn. What the instance has in its memory is lost then, so nobody else can
 * bring that about, and a page that is closed does not either.
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
