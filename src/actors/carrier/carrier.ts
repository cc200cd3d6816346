/**
 * One end of a call between the page and a guest, on either side: bytes come and go at the same time. Call 0 is the message that
 * the guest handles; the others are calls that the guest makes. {@link RingCarrier} carries a call over shared memory,
 * {@link PortCarrier} over messages. Nothing here waits, but for {@link arrival} and {@link roomCame}.
 */
export interface Carrier {
  /**
   * The bytes that have come; undefined if there are none now.
   * @param into Room for them, which is used where bytes are copied anyway.
   */
  take(into?: Uint8Array): Uint8Array | undefined
  /** Copies bytes that have come. @returns their count, 0 if there are none now, or BROKEN if none will come. */
  takeInto(target: Uint8Array): number
  /** Bytes that have come and were not taken. */
  readonly available: number
  /** Whether {@link takeInto} has something to say: bytes, the end, or BROKEN. */
  readonly readable: boolean
  /** Whether the other side writes no more, and did not break off. What it wrote may still be to be taken. */
  readonly ended: boolean
  /** As {@link ended}, and all is taken. */
  readonly finished: boolean
  /** Resolves when there may be more than the last take found: bytes, their end, a failure. undefined: there may be already. */
  arrival(): Promise<unknown> | undefined
  /** No more bytes are wanted: writes of the other side fail. */
  stop(): void

  /** Sends as much as there is room for. @returns the bytes sent, or BROKEN if nobody takes them. */
  put(source: Uint8Array): number
  /** Bytes that {@link put} would send now. */
  readonly room: number
  /** Whether nothing more can be sent: either side ended this direction, or the call has failed. */
  readonly closed: boolean
  /** Whether the other side wants no more bytes. */
  readonly stopped: boolean
  /** Whether the other side has taken all that was sent, and waits for more as far as is known. */
  readonly awaited: boolean
  /** Resolves when there may be more room than the last put found. undefined: there may be already. */
  roomCame(): Promise<unknown> | undefined
  /** Nothing more is sent. @param errno What the guest's reads give behind the last byte; left out: the end of the file. */
  end(errno?: number): void

  /** Page: takes a call that the guest opens. Nothing, if it has failed already. */
  accept(): void
  /** Worker: whether the page has answered a call that the guest opens: 0, or the errno with which it failed at once. */
  readonly answer: number | undefined
  /** Ends both directions. @param errno What reads and writes of the guest give; left out: as for a call that was cancelled. */
  fail(errno?: number): void
  /** Whether the call was ended so. */
  readonly failed: boolean
  /** Worker: the errno with which the call failed; 0 if it did not, or was cancelled. */
  readonly errno: number
  /** Worker: the errno behind the last byte that comes; 0 for the end of the file. */
  readonly endErrno: number
  /** Resolves the waits of this side. */
  wake(): void
}
