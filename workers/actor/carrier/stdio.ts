import type { Call, Counted } from './guest-call.ts'

/** The standard descriptors, for the WASI layer. */
export interface Stdio {
  /** Call 0, the message: its bytes are stdin and stdout. */
  readonly call: Call
  /** Sends all of `source` to the process's log. @returns its length. */
  writeError(source: Uint8Array): Counted
  /**
   * Waits until the time is over or `isReady` returns true. It is asked first, and then at each change: of the message,
   * of the room in the reply, and at each {@link nudge}.
   * @param timeoutMs Infinity: for ever.
   */
  waitFor(isReady: () => boolean, timeoutMs: number): void | Promise<void>
  /** Makes each waiter of this thread look again. The page nudges a guest on rings through its stdin ring. */
  nudge(): void
}
