import type { Connection, Stream as Libp2pStream } from '@libp2p/interface'
import { seconds } from '../../glia/wait/deadline.ts'
import { GliaError, toGliaError } from '../../glia/errors.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import { Incoming } from './incoming.ts'
import { abortWith } from './libp2p-stream.ts'
import { IDLE_MS } from '../limits.ts'

/** Longest pause between two pieces of an answer, in ms. */
const PIECE_MS = 5_000

/** A protocol that consists of one stream, which the other side answers with a text. */
export interface TextQuestion {
  protocol: string
  /** Left out: opening the stream is the whole question. */
  question?: string
  /** Longest accepted answer, in characters. */
  maxLength: number
  /** The error for a longer one. */
  tooLong(): Error
}

export interface TextRead {
  /** Peer id of the peer that sends it. */
  remote: string
  /** Longest pause before a piece of it, in ms. */
  idleMs: number
  /** Longest accepted text, in characters. */
  maxLength: number
  /** The error for a longer one. */
  tooLong(): Error
}

/**
 * Reads a text to the end of its stream. @throws {GliaError} ERR_DEADLINE after too long a pause; the failure of the
 * stream; `tooLong`.
 */
export async function readText(
  stream: Libp2pStream,
  { remote, idleMs, maxLength, tooLong }: TextRead,
): Promise<string> {
  const incoming = new Incoming({ stream, remote })
  const late = (): void => {
    const error = new GliaError('ERR_DEADLINE', `${remote} sent nothing for ${seconds(idleMs)}.`)
    incoming.fail(error)
    stream.abort(error)
  }
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const timer = setTimeout(late, idleMs)
    // oxlint-disable-next-line no-await-in-loop -- one piece after the other
    const piece = await incoming.read().finally(() => clearTimeout(timer))
    if (piece === null) return text
    text += decoder.decode(piece, { stream: true })
    if (text.length > maxLength) throw tooLong()
  }
}

/** Reads a peer's answer. @throws the error of libp2p, the reason of the signal, or `tooLong`. */
export async function askText(
  connection: Connection,
  { protocol, question, maxLength, tooLong }: TextQuestion,
  signal: AbortSignal,
): Promise<string> {
  const stream = await connection.newStream(protocol, { signal, runOnLimitedConnection: true })
  abortWith(stream, signal)
  try {
    if (question !== undefined) {
      stream.send(new TextEncoder().encode(question))
      await orAborted(stream.close({ signal }), signal)
    }
    return await readText(stream, { remote: connection.remotePeer.toString(), idleMs: PIECE_MS, maxLength, tooLong })
  } finally {
    void stream.close().catch(() => undefined)
  }
}

/** Answers a question with a text. Never rejects: a failure aborts the stream. */
export async function sendText(stream: Libp2pStream, text: string): Promise<void> {
  // The other side may leave its half open.
  abortWith(stream, AbortSignal.timeout(IDLE_MS))
  try {
    stream.send(new TextEncoder().encode(text))
    await stream.close()
  } catch (thrown) {
    stream.abort(toGliaError(thrown))
  }
}
