import type { CallContext } from '../call-context.ts'
import type { GliaError } from '../errors.ts'

/**
 * A duplex byte stream addressed to a method: what every transport is adapted to, and all that the protocol sees of it.
 *
 * The two directions close on their own (half close). For the serving side, reading gives the request and writing sends
 * the reply; for the calling side it is the other way round. Any failure aborts both directions at once.
 */
export interface Stream {
  /** The address as text, `/ww/0.1.0/{host}/{proc}/{method}`. */
  readonly protocol: string
  /** Peer id of the peer that runs the process. */
  readonly destination: string
  readonly procId: string
  readonly methodName: string
  /** Who is calling: a peer id, 'browser' for the pages of this origin, or the PID of a process of this peer. */
  readonly caller: string
  /** Bytes the other side said it will send, where the transport knows (Content-Length). */
  readonly expectedBytes?: number | undefined
  /** How long the other side may keep this one waiting, in ms, where the transport knows better than the default. */
  readonly silenceMs?: number | undefined
  /** Bytes that have come and wait to be read, where the transport knows. */
  readonly unreadBytes?: number | undefined
  /** The calls that this one is made for. */
  readonly context: CallContext
  /** Aborts when either side aborts the stream. Its reason is a GliaError. */
  readonly signal: AbortSignal

  /**
   * The next bytes, never an empty array; null at the end. The array is the reader's to keep.
   * @param into Room for them, not to be touched until they are there. A stream that copies bytes anyway may put them into it
   * and give that part of it; others give an array of their own. Most of the cost of bulk is fresh memory, and this saves it.
   * @throws {GliaError} the reason of the abort, once the stream is aborted.
   */
  read(into?: Uint8Array): Promise<Uint8Array | null>
  /** The room that the other side's waiting read has given: bytes that are put there and then written are at their place. */
  readonly room?: Uint8Array | undefined
  /**
   * Sends bytes; resolves when there is room for more (back-pressure). The array must not be changed afterwards.
   * @throws {GliaError} ERR_RESET if the reader has closed or this side has ended its writing; the reason if aborted.
   */
  write(chunk: Uint8Array): Promise<void>
  /** No more bytes are wanted: what arrives is dropped and the other side's writes fail. */
  closeRead(): Promise<void>
  /** No more bytes will be written: the other side reads the rest, then null. */
  closeWrite(): Promise<void>
  /** Both of the above. */
  close(): Promise<void>
  /**
   * As {@link close}, for a program that exited with a code other than 0: the caller reads all that was written, and then the
   * error, or the end if the policy of the process accepts the code. Left out: {@link abort} is what there is, and what was
   * not read yet may be lost.
   */
  closeWithExit?(exit: GliaError): void
  /** Once the reply was read to its end: the exit code that the policy of the process has accepted; undefined if it was 0. */
  readonly exit?: GliaError | undefined
  /** Ends both directions at once with an error that both sides see. */
  abort(reason: Error): void
}
