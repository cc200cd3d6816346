import type { Exit } from './exit.ts'
import type { Proc } from './proc.ts'

/**
 * Why a process ended, for watchers. `type` is that of an `ExitReason`, or `noproc` (there is no such process), `moved`,
 * `unreachable`, or `refused` (the peer no longer lets this one watch).
 */
export interface EndReason {
  readonly type: string
  /** The exit code, of `exited`. */
  readonly code?: number | undefined
  readonly message?: string | undefined
}

/** Longest message that a watcher is told, in UTF-16 units. */
export const MAX_REASON = 300

/** An end of a process, as its watchers are told. */
export interface ProcessEnd {
  readonly kind: 'exited' | 'killed' | 'moved' | 'unreachable'
  readonly reason: EndReason
  /** ms since the epoch. Of two ends of a process, the later one has the larger number. */
  readonly at: number
  /** Whether the process does not come back by itself. */
  readonly final: boolean
}

/** What the watchers of a process must know of it. A killed process has it too. */
export type Watched = Pick<Proc, 'policy' | 'methods' | 'state' | 'ends'>

/** Where a watch of a process stands when it begins, or begins again. */
export interface WatchStart {
  /** The time up to which the watcher knows the ends. */
  readonly at: number
  /** The ends that it is told at once. */
  readonly ends: readonly ProcessEnd[]
}

/**
 * @param watched Undefined: there is no such process.
 * @param after The time up to which the watcher knows the ends; undefined for a new watch, which is told if the process
 * has ended and does not come back by itself.
 */
export function startOfWatch(watched: Watched | undefined, after: number | undefined): WatchStart {
  const past = watched?.ends.list.map(toldEnd) ?? []
  const last = past.at(-1)
  const known = after === undefined ? undefined : Math.min(after, last?.at ?? 0)
  const missed = known === undefined ? [] : past.filter(({ at }) => at > known)
  const isGone = !watched || (last?.kind === 'killed' && missed.length === 0)
  if (isGone) return { at: after ?? 0, ends: [noProcess(Math.max(Date.now(), (after ?? 0) + 1))] }
  if (known !== undefined) return { at: known, ends: missed }
  return last && watched.state === 'dead' ? { at: last.at - 1, ends: [last] } : { at: last?.at ?? 0, ends: [] }
}

/** Whether nothing can come after an end, so that the watch is over. */
export function isLast({ kind, reason }: ProcessEnd): boolean {
  return kind === 'killed' || kind === 'moved' || reason.type === 'noproc' || reason.type === 'refused'
}

/** An end as a watcher is told. Places in the module and linked processes are left out: a watcher may not learn of them. */
export function toldEnd({ at, reason, final }: Exit): ProcessEnd {
  const { type } = reason
  if (type === 'exited') return { kind: 'exited', reason: { type, code: reason.code }, at, final }
  const message = type === 'linked' ? 'A process that it is linked to ended.' : reason.message.slice(0, MAX_REASON)
  return { kind: type === 'killed' ? 'killed' : 'exited', reason: { type, message }, at, final }
}

function noProcess(at: number): ProcessEnd {
  return { kind: 'exited', reason: { type: 'noproc', message: 'There is no such process.' }, at, final: true }
}
