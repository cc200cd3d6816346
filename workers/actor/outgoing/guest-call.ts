/**
 * The guest's side of a file that stands for a call. What waits gives a promise where the guest can be suspended, and blocks
 * where it can block. Counts below 0 are errnos, negated.
 */
export interface GuestCall {
  /** Takes bytes of the reply into `target` (never empty), at least one. @returns their count, or 0 at the end. */
  read(target: Uint8Array): Counted
  /** Sends bytes of `source`, a view of guest memory: at least one. @returns their count; libraries come again with the rest. */
  write(source: Uint8Array): Counted
  /** As read, without waiting: -EAGAIN if there is nothing yet. */
  readNow(target: Uint8Array): number
  /** Sends what there is room for, without waiting: -EAGAIN if there is none. */
  writeNow(source: Uint8Array): number
  /** The request is whole. */
  endRequest(): void
  /** The guest is through with the call: what is left of it is cancelled. Idempotent. */
  close(): void
  /** Whether a read would not wait. */
  readonly readable: boolean
  /** Bytes that a read would give now. */
  readonly available: number
  /** Bytes that a write would take now. */
  readonly room: number
  /** Whether a write would not wait. */
  readonly writable: boolean
}

export type Counted = number | Promise<number>
