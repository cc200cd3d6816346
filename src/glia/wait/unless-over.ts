/**
 * Waits for a promise, and no longer than until something is over. A transport may never settle a read or a write, even after the
 * stream was aborted, and the message must not wait for that. One wait at a time.
 */
export class UnlessOver {
  /** What it ended with; undefined while it goes on. */
  reason: unknown
  #over = false
  /** Of the last wait. For one that has settled this changes nothing. */
  #reject: ((reason: unknown) => void) | undefined

  /** @throws what the promise throws; the reason as soon as it is over. */
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
