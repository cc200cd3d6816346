import type { Connection, Stream as Libp2pStream } from '@libp2p/interface'
import { isTrace } from '../../glia/call-context.ts'
import { GliaError, toGliaError } from '../../glia/errors.ts'
import { MAX_ANSWER } from '../../glia/trace/limits.ts'
import { fields } from '../../glia/untrusted.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import { Rate } from '../dial/rate.ts'
import { askText, readText, sendText } from '../dialects/text-answer.ts'
import { IDLE_MS, TRACE_PROTOCOL, TRACE_RATE, TRACE_RATE_IN_ALL } from '../limits.ts'

/** Longest question, in characters: a trace has at most 128, each of which JSON may write as 6. */
const MAX_QUESTION = 1024

const QUESTION_READ = {
  idleMs: IDLE_MS,
  maxLength: MAX_QUESTION,
  tooLong: () => new Error('the question is too long'),
}

/** What this peer tells another one of a trace, as JSON. */
export type TellTrace = (asker: string, trace: string) => Promise<string>

/** Answers peers that ask for the calls of a trace. */
export class TraceAnswers {
  readonly #tell: TellTrace
  readonly #ofPeer = new Rate(TRACE_RATE)
  readonly #ofAll = new Rate(TRACE_RATE_IN_ALL)

  constructor(tell: TellTrace) {
    this.#tell = tell
  }

  /** Answers one question. Never rejects: a failure aborts the stream. */
  async answer(stream: Libp2pStream, connection: Connection): Promise<void> {
    const asker = connection.remotePeer.toString()
    try {
      const { trace } = fields(JSON.parse(await readText(stream, { remote: asker, ...QUESTION_READ })))
      if (!isTrace(trace) || trace === '') throw new Error('the question is not valid')
      if (!this.#ofPeer.admits(asker) || !this.#ofAll.admits('all')) throw new Error('too many questions')
      await sendText(stream, await this.#tell(asker, trace))
    } catch (thrown) {
      stream.abort(toGliaError(thrown))
    }
  }
}

/**
 * Asks a peer for the calls of a trace. Resolves to JSON.
 * @throws {GliaError} ERR_UNREACHABLE if it does not answer; the signal's reason.
 */
export async function askTrace(connection: Connection, trace: string, signal: AbortSignal): Promise<string> {
  const question = {
    protocol: TRACE_PROTOCOL,
    question: JSON.stringify({ trace }),
    maxLength: MAX_ANSWER,
    tooLong: () => new Error('the answer is too long'),
  }
  try {
    return await orAborted(askText(connection, question, signal), signal)
  } catch (cause) {
    signal.throwIfAborted()
    const peer = connection.remotePeer.toString()
    const isUnknown = cause instanceof Error && cause.name === 'UnsupportedProtocolError'
    const why = isUnknown ? 'tells nothing of its calls' : 'did not say what it knows of the trace'
    throw new GliaError('ERR_UNREACHABLE', `${peer} ${why}.`, { cause })
  }
}
