import { Attempt } from './attempt.ts'

type Work = Parameters<Attempt['run']>[0]

/** Work that is asked for while other work is under way is done after it: the last that was asked for. */
export class LatestAttempt extends Attempt {
  #next: Work | undefined

  override async run(work: Work): Promise<void> {
    this.#next = work
    if (this.since.peek() !== undefined) return
    for (let next: Work | undefined = work; next; next = this.#next) {
      this.#next = undefined
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await super.run(next)
    }
  }

  override cancel(): void {
    this.#next = undefined
    super.cancel()
  }
}
