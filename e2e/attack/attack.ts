import type { Stage } from './stage.ts'

/** One thing that a hostile peer, page or program tries. */
export interface Trial {
  /** What is tried, as a person would say it. */
  readonly what: string
  /** @returns What broke, one sentence each; empty if it held. */
  run(stage: Stage): Promise<readonly string[]>
}

/** Trials of one kind. Each trial gets a server, and a browser with the owner’s tab, of its own. */
export interface Attack {
  readonly name: string
  /** Flags of the server. */
  readonly flags?: readonly string[]
  readonly trials: readonly Trial[]
}
