/**
 * Starts workers, one of them ahead: loading the script takes longer than all else that a start needs, and a worker
 * without a module costs little.
 */
export class SpareWorker {
  readonly #start: () => Worker
  #spare: Worker | undefined

  constructor(start: () => Worker) {
    this.#start = start
  }

  take(): Worker {
    const worker = this.#spare ?? this.#start()
    this.#spare = undefined
    try {
      this.#startSpare()
    } catch {
      // The next start tries again, and reports the failure.
    }
    return worker
  }

  /** Ends the one that was started ahead. */
  end(): void {
    this.#spare?.terminate()
    this.#spare = undefined
  }

  #startSpare(): void {
    const worker = this.#start()
    this.#spare = worker
    // A worker that failed to load is not handed out. The next start tries again, and reports the failure. The browser
    // holds such a worker, though it has no thread, until it is ended.
    worker.onerror = () => {
      if (this.#spare !== worker) return
      this.#spare = undefined
      worker.terminate()
    }
  }
}
