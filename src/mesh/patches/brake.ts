import type { Stream } from '@libp2p/interface'

/**
 * Holds the sender of a stream. `resume()` of libp2p delivers what waits and then gives the sender a new window: a `pause()` that a listener
 * makes in between would be undone, and the sender would go on until the stream is reset at 4 MiB. So a pause in between is left out, and
 * whoever resumed looks again.
 *
 * Seen in libp2p 3.3.11. Upstream: not reported, see README.md.
 */
export class Brake {
  readonly #stream: Stream
  #resuming = false

  constructor(stream: Stream) {
    this.#stream = stream
  }

  pause(): void {
    if (!this.#resuming && this.#stream.readStatus === 'readable') this.#stream.pause()
  }

  /** @returns whether it was paused; then the caller may have to pause it again */
  resume(): boolean {
    if (this.#stream.readStatus !== 'paused') return false
    this.#resuming = true
    try {
      this.#stream.resume()
    } catch (thrown) {
      // What waits has been delivered. Only the word to the sender fails, and a stream that is over has no sender.
      if (this.#stream.status === 'open') throw thrown
    } finally {
      this.#resuming = false
    }
    return true
  }
}
