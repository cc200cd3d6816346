import type { Message } from '../../glia/process/actor.ts'
import type { RunEnd } from './control.ts'
import type { Channel } from './worker-api.ts'

/** The page's side of a channel to one actor worker: sends messages, one at a time, and passes the replies on. */
export interface Lane {
  /** The worker's side, to be posted to it. */
  readonly channel: Channel
  /** Ports in `channel`, which posting it has to transfer. */
  readonly transfer: Transferable[]
  /**
   * Runs one message to its end, whatever becomes of the caller meanwhile.
   * @param method Index of the method in the program.
   * @param again Asked when the message could not begin, for want of room for an instance: whether to try once more.
   * @throws what `close` was given.
   */
  run(method: number, message: Message, again?: () => Promise<boolean>): Promise<RunEnd>
  /** Has a guest look again that waits for several things (poll_oneoff): one of them has changed, other than by {@link run}. */
  nudge(): void
  /** Between two messages: has the message loop end where it blocks the worker. @returns whether it does. */
  pause(): boolean
  /** Whether the guest has read all that is there of its message, and waits for more, as far as this side knows. */
  readonly awaitsInput: boolean
  /** The worker is gone: what waits is rejected. Idempotent. */
  close(reason: Error): void
}

export interface LaneInit {
  /** Gets what the guest writes to stderr. */
  onStderr(bytes: Uint8Array): void
  /** The worker has sent what no worker sends: it is to be ended, for nothing it says from then on can be believed. */
  broken(thrown: unknown): void
}
