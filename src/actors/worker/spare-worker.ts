/**
 * The spare is started so long after the worker before it was taken, in ms. By then most actors run. Both at once took
 * turns on two cores: a process was woken in 53 ms instead of 31, and a new one was there in 23 ms instead of 13.
 */
const LATER_MS = 50
/** Workers that are taken within so many ms are a burst: the next one is wanted before its spare would be begun. */
const BURST_MS = 200

/**
 * Starts workers, one of them ahead: loading the script takes longer than all else that a start needs, and a worker
 * without a module costs little.
 */
export class SpareWorker {
  readonly #start: () => Worker
  #spare: Worker | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #takenAt = -Infinity

  constructor(start: () => Worker) {
    this.#start = start
  }

  take(): Worker {
    const worker = this.#spare ?? this.#start()
    this.#spare = undefined
    clearTimeout(this.#timer)
    const now = performance.now()
    const isBurst = now - this.#takenAt < BURST_MS
    this.#takenAt = now
    if (isBurst) this.#startSpare()
    else this.#timer = setTimeout(() => this.#startSpare(), LATER_MS)
    return worker
  }

  /** Ends the one that was started ahead. */
  end(): void {
    clearTimeout(this.#timer)
    this.#spare?.terminate()
    this.#spare = undefined
  }

  #startSpare(): void {
    let worker: Worker
    try {
      worker = this.#start()
    } catch {
      // The next start tries again, and reports the failure.
      return
    }
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
