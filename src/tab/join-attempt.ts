import { Backoff } from '../glia/wait/backoff.ts'
import { type GliaError, toGliaError } from '../glia/errors.ts'
import { Wait } from '../glia/wait/wait.ts'

/** Waits between attempts, in ms. A wait ends early when the mesh is back. */
const RETRY_MS = { first: 2_000, last: 30_000 }

export interface JoinAttemptInit {
  /** Connects to the peer that the link names. */
  connect(signal: AbortSignal): Promise<unknown>
  /** Called after each attempt, with the failure, or undefined when the peer is connected. */
  tell(error: GliaError | undefined): void
}

/** Connects to the peer of a join link. It tries again until the peer is connected or the link turns out to be bad. */
export class JoinAttempt {
  readonly #init: JoinAttemptInit
  readonly #stopped = new AbortController()
  readonly #backoff = new Backoff(RETRY_MS)
  readonly #wait = new Wait()

  constructor(init: JoinAttemptInit) {
    this.#init = init
    void this.#run()
  }

  /** Tries again at once, because the mesh is back. */
  hurry(): void {
    this.#backoff.reset()
    this.#wait.wake()
  }

  /** Gives up, because the page has another link now. */
  stop(): void {
    this.#stopped.abort()
    this.#wait.wake()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      const error = await this.#try(signal)
      if (signal.aborted) return
      this.#init.tell(error)
      if (!error || error.code === 'ERR_BAD_ADDRESS') return
      // oxlint-disable-next-line no-await-in-loop
      await this.#wait.for(this.#backoff.next())
    }
  }

  async #try(signal: AbortSignal): Promise<GliaError | undefined> {
    try {
      await this.#init.connect(signal)
      return undefined
    } catch (thrown) {
      return toGliaError(thrown)
    }
  }
}
