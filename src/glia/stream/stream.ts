import type { CallContext } from '../call-context.ts'
import type { GliaError } from '../errors.ts'

/**
 * A duplex byte stream addressed to a method. Every transport becomes one, and the protocol sees nothing else.
 *
 * The two directions close independently (half close). For the serving side, reading gives the request and writing
 * sends the reply; for the calling side it is the other way round. A failure aborts both directions at once.
 */
export interface Stream {
  /** The address as text, `/ww/0.1.0/{host}/{proc}/{method}`. */
  readonly protocol: string
  /** Peer id of the peer that runs the process. */
  readonly destination: string
  readonly procId: string
  readonly methodName: string
  /** The caller: a peer id, 'browser' for the pages of this origin, or the PID of a process of this peer. */
  readonly caller: string
  /**
   * For the serving side of a call over HTTP: `self` if this page made the request, `page` if another page of this
   * browser did. Left out: the call did not come over HTTP. `view`: a view of this page looks at something by itself.
   */
  readonly via?: 'self' | 'page' | 'view' | undefined
  /** Bytes that the other side says it will send, if the transport knows (Content-Length). */
  readonly expectedBytes?: number | undefined
  /**
   * The same text for each try of one call: calls of one caller with the same key run once, and each gets the reply. A
   * call over HTTP to this peer has none here, because `HttpCalls` has taken care of its key.
   */
  readonly key?: string | undefined
  /** For the calling side: whether the other side has said that the call does not run again if it is made again. */
  readonly kept?: boolean | undefined
  /** For the serving side: says so. Left out: the other side cannot be told. */
  keep?(): void
  /** For the serving side: the process begins to run the message. Left out: nobody is told. */
  readonly began?: (() => void) | undefined
  /** How long the other side may keep this one waiting, in ms, if the transport knows better than the default. */
  readonly silenceMs?: number | undefined
  /** Bytes that have come and are unread, if the transport knows. */
  readonly unreadBytes?: number | undefined
  /** The calls for which this one is made. */
  readonly context: CallContext
  /** Aborts when either side aborts the stream. Its reason is a GliaError. */
  readonly signal: AbortSignal

  /**
   * The next bytes, never an empty array; null at the end. The reader may keep the array.
   * @param into Room for the bytes. Do not touch it until they are there. A stream that copies bytes anyway may put
   * them there and return that part; other streams return an array of their own. Fresh memory is most of the cost of
   * bulk, and this saves it.
   * @throws {GliaError} the reason of the abort, once the stream is aborted.
   */
  read(into?: Uint8Array): Promise<Uint8Array | null>
  /**
   * The room that the waiting read of the other side has given. Bytes that are put there and then written are at their
   * place.
   */
  readonly room?: Uint8Array | undefined
  /**
   * Sends bytes. Resolves when there is room for more (back-pressure). Do not change the array afterwards.
   * @throws {GliaError} ERR_NO_READER if the reader has closed or this side has ended its writing; the reason if aborted.
   */
  write(chunk: Uint8Array): Promise<void>
  /** This side wants no more bytes. Arriving bytes are dropped, and writes of the other side fail. */
  closeRead(): Promise<void>
  /** This side writes no more. The other side reads the rest, then null. */
  closeWrite(): Promise<void>
  /** Does both. */
  close(): Promise<void>
  /**
   * Like {@link close}, for a program that exited with a code other than 0: the caller reads all output, and then the
   * error, or the end if the policy of the process accepts the code. Left out: {@link abort} is used, and unread output
   * may be lost.
   */
  closeWithExit?(exit: GliaError): void
  /**
   * After the reply was read to its end: the exit code that the policy of the process has accepted; undefined if it was
   * 0.
   */
  readonly exit?: GliaError | undefined
  /** Ends both directions at once, with an error that both sides see. */
  abort(reason: Error): void
}
