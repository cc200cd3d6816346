/**
 * Waits for a promise, but no longer than until something is over. A transport may never settle a read or a write, even
 * after the stream was aborted, and the message must not wait for that. One wait at a time.
 */
export class UnlessOver {
  /** The reason of the end; undefined before it. */
  reason: unknown
  #over = false
  /** Rejects the last wait. It has no effect on a wait that has settled. */
  #reject: ((reason: unknown) => void) | undefined

  /** @throws the error of the promise; the reason as soon as it is over. */
  wait<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject
      promise.then(resolve, reject)
      if (this.#over) reject(this.reason)
    })
  }

  end(reason: unknown): void {
    if (this.#over) return
    this.#over = true
    this.reason = reason
    this.#reject?.(reason)
  }
}
