import { Attempt } from '../kit/attempt.ts'
import type { Draft } from '../model.ts'

/** A new version of a process's module that the person has given. It waits for a decision, or is being put in place. */
export class Swap {
  readonly draft: Draft
  readonly attempt = new Attempt()

  constructor(draft: Draft) {
    this.draft = draft
  }

  cancel(): void {
    this.attempt.cancel()
    this.draft.drop()
  }
}
