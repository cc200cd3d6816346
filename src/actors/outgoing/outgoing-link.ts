/** The page's side of what the bytes of a file travel on that a guest has opened. Failures and ends go the same way. */
export interface OutgoingLink {
  /** The guest may use the file. Nothing, if it has failed already. */
  opened(): void
  /** Reads and writes of the guest fail from now on, with the errno of the first time this is called. */
  failed(errno: number): void

  /** The next bytes of the request; undefined if there are none now. */
  take(): Uint8Array | undefined
  /** Whether the guest writes no more. What it wrote may still be to be taken. */
  readonly requestEnded: boolean
  /** Resolves when there may be more of the request than {@link take} found last. */
  arrival(): Promise<unknown> | undefined
  /** Nobody reads the request any more: writes of the guest fail. */
  stopRequest(): void

  /** Sends as much of the reply as there is room for. @returns the bytes sent, or BROKEN if the guest wants no more. */
  put(chunk: Uint8Array): number
  /** Resolves when there may be more room than {@link put} found last. */
  room(): Promise<unknown> | undefined
  /** The reply is whole. @param errno What the guest's reads give behind it; 0: the end of the file. */
  endReply(errno: number): void

  /** Resolves waits, so that whoever waits looks again. */
  wake(): void
}
