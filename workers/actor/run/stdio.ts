/** The three standard descriptors of the message being handled, as the WASI layer uses them. */
export interface Stdio {
  /**
   * Takes bytes of the message into `target` (never empty), at least one.
   * @returns bytes read, 0 at the end, BROKEN when the call is over or after {@link closeRead}; a promise where the guest can
   * be suspended.
   */
  read(target: Uint8Array): number | Promise<number>
  /**
   * Sends all of `source`, a view of guest memory.
   * @returns its length, or BROKEN when nobody reads the reply or after {@link closeWrite}.
   */
  write(source: Uint8Array): number | Promise<number>
  /** As write, to the process's log. */
  writeError(source: Uint8Array): number | Promise<number>
  /** The guest wants no more of the message: the caller's writes fail, and its reply goes on. */
  closeRead(): void
  /** The reply is whole: the caller reads its end, and the guest goes on. */
  closeWrite(): void
  /** Bytes that a read would give now without waiting, 0 also at the end. */
  readonly available: number
  /** Whether a read would not wait: there are bytes, or the end. */
  readonly readable: boolean
  /** Bytes that a write would take now without waiting. */
  readonly room: number
  /** Whether a write would not wait: there is room, or nobody reads. */
  readonly writable: boolean
  /** Whether the call is over: reads and writes give BROKEN. */
  readonly broken: boolean
  /**
   * Waits until the time is over, the call is over or `isReady` says so, which is asked first and then whenever something
   * changed: the message, room in the reply, and all for which {@link nudge} is called.
   * @param timeoutMs Infinity: for ever.
   */
  waitFor(isReady: () => boolean, timeoutMs: number): void | Promise<void>
  /** Has whoever waits look again, in this thread. From the page a guest on rings is nudged through its stdin ring. */
  nudge(): void
}
