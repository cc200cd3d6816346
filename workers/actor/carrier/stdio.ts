import type { Call, Counted } from './guest-call.ts'

/** What the WASI layer has of the message being handled. */
export interface Stdio {
  /** Its bytes are stdin and stdout: call 0. */
  readonly call: Call
  /** Sends all of `source` to the process's log. @returns its length. */
  writeError(source: Uint8Array): Counted
  /**
   * Waits until the time is over or `isReady` says so, which is asked first and then whenever something changed: the message, room
   * in the reply, and all for which {@link nudge} is called.
   * @param timeoutMs Infinity: for ever.
   */
  waitFor(isReady: () => boolean, timeoutMs: number): void | Promise<void>
  /** Has whoever waits look again, in this thread. From the page a guest on rings is nudged through its stdin ring. */
  nudge(): void
}
