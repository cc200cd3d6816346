/**
 * One end of a call between the page and a guest, on either side. Bytes travel in both directions at the same time.
 * Call 0 is the message that the guest handles. The other calls are those that the guest makes. {@link RingCarrier}
 * carries a call over shared memory, {@link PortCarrier} over messages. Only {@link arrival} and {@link roomCame} wait.
 */
export interface Carrier {
  /**
   * The bytes that have arrived; undefined if there are none now.
   * @param into Room for them. A carrier that copies bytes anyway copies them there.
   */
  take(into?: Uint8Array): Uint8Array | undefined
  /** Copies bytes that have arrived. @returns their count, 0 if there are none now, or BROKEN if none will arrive. */
  takeInto(target: Uint8Array): number
  /** Bytes that have arrived and were not taken. */
  readonly available: number
  /** Whether {@link takeInto} would find bytes, their end, or BROKEN. */
  readonly readable: boolean
  /** Whether the other side has ended its direction, and did not break off. Its last bytes may not be taken yet. */
  readonly ended: boolean
  /** The same, and all bytes are taken. */
  readonly finished: boolean
  /**
   * Resolves when there may be more than the last take found: bytes, their end, a failure. undefined: look again now.
   */
  arrival(): Promise<unknown> | undefined
  /** Refuses more bytes: writes of the other side fail. */
  stop(): void

  /** Sends as much as there is room for. @returns the bytes sent, or BROKEN if nobody takes them. */
  put(source: Uint8Array): number
  /** Bytes that {@link put} would send now. */
  readonly room: number
  /** Whether nothing more can be sent: either side ended this direction, or the call has failed. */
  readonly closed: boolean
  /** Whether the other side wants no more bytes. */
  readonly stopped: boolean
  /** Whether the other side has taken all bytes, and probably waits for more. */
  readonly awaited: boolean
  /** Resolves when there may be more room than the last put found. undefined: look again now. */
  roomCame(): Promise<unknown> | undefined
  /**
   * Ends this direction. @param errno The result of the guest's reads behind the last byte. Left out: the end of the
   * file.
   */
  end(errno?: number): void

  /** Page: takes a call that the guest opens. Does nothing if the call has failed already. */
  accept(): void
  /**
   * Worker: whether the page has answered a call that the guest opens: 0, or the errno with which it failed at once.
   */
  readonly answer: number | undefined
  /**
   * Ends both directions. @param errno The result of the guest's reads and writes. Left out: that of a cancelled call.
   */
  fail(errno?: number): void
  /** Whether the call was ended so. */
  readonly failed: boolean
  /** Worker: the errno of the failed call; 0 if it did not fail, or was cancelled. */
  readonly errno: number
  /** Worker: the errno behind the last byte; 0 for the end of the file. */
  readonly endErrno: number
  /** Resolves the waits of this side. */
  wake(): void
}
