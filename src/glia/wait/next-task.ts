/** Resolves in the next task, after everything that is ready now, timers and input included. */
export function nextTask(): Promise<undefined> {
  const { port1, port2 } = new MessageChannel()
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close()
      resolve(undefined)
    }
    port2.postMessage(null)
  })
}

/** Lets the thread do other work now and then, in a loop that may never have to wait. */
export class Breather {
  readonly #everyMs: number
  #last = performance.now()

  /** @param everyMs Longest time that the loop may keep the thread. */
  constructor(everyMs: number) {
    this.#everyMs = everyMs
  }

  /** Nearly always undefined: there is nothing to wait for. */
  breathe(): Promise<void> | undefined {
    if (performance.now() - this.#last < this.#everyMs) return undefined
    return nextTask().then(() => {
      this.#last = performance.now()
    })
  }
}

/** Runs a function in the next task, once for all requests before it. Such tasks are not throttled in hidden tabs. */
export class TaskRunner {
  readonly #channel = new MessageChannel()
  #requested = false

  constructor(run: () => void) {
    this.#channel.port1.onmessage = () => {
      this.#requested = false
      run()
    }
  }

  request(): void {
    if (this.#requested) return
    this.#requested = true
    this.#channel.port2.postMessage(null)
  }

  /** After this call nothing runs. */
  stop(): void {
    this.#channel.port1.close()
  }
}
