import type { Pid } from '../pid.ts'
import type { ProcessEnd } from './told-end.ts'

/** A watch of a process of another peer. */
export interface RemoteWatch {
  readonly pid: Pid
  /** The time up to which the watcher knows the ends, by the clock of the other peer. Left out: the watch is new. */
  readonly after?: number | undefined
  /** Called once for each end. After the last one (`isLast`) the watch is over. */
  tell(end: ProcessEnd): void
  /** Called before an end of the process is told: from now on the watcher knows all ends up to this time. */
  knows?(at: number): void
}

export interface WatchHandle {
  /**
   * Resolves when the other peer has answered, or when the watcher was told that it is unreachable.
   * @throws {GliaError} why the other peer does not let this one watch. Then there is no watch.
   */
  readonly settled: Promise<void>
  /** Ends the watch. Idempotent. */
  stop(): void
}

/** Watches a process of another peer. It is told of losses and goes on after them. */
export type WatchRemote = (host: string, watch: RemoteWatch) => WatchHandle
