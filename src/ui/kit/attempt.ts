import { signal } from '@preact/signals'
import { GliaError } from '../../glia/errors.ts'
import { wordsOf } from './notices.tsx'

/** The state of work that takes a while, can be given up, and may fail. One piece of work at a time. */
export class Attempt {
  /** When the work began, in ms since the epoch; undefined while there is none. */
  readonly since = signal<number | undefined>(undefined)
  /** Why the last work failed. Giving up is no failure. */
  readonly error = signal<ReturnType<typeof wordsOf> | undefined>(undefined)
  #aborter: AbortController | undefined

  /** Never rejects: `error` has the failure. Does nothing while other work is under way. */
  async run(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (this.#aborter) return
    const aborter = new AbortController()
    this.#aborter = aborter
    this.error.value = undefined
    this.since.value = Date.now()
    try {
      await work(aborter.signal)
    } catch (thrown) {
      const error = wordsOf(thrown)
      if (error.code !== 'ERR_ABORTED') this.error.value = error
    } finally {
      this.#aborter = undefined
      this.since.value = undefined
    }
  }

  cancel(): void {
    this.#aborter?.abort(new GliaError('ERR_ABORTED', 'You cancelled this.'))
  }
}
