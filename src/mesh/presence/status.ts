import type { Connection } from '@libp2p/interface'
import { PROTOCOL } from '../../glia/address.ts'
import { GliaError } from '../../glia/errors.ts'
import { parsePid, type Pid } from '../../glia/pid.ts'
import { NEGOTIATION_MS, RAW_PROTOCOL } from '../limits.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import { noAnswer } from '../dialects/no-answer.ts'
import { askText } from '../dialects/text-answer.ts'

/** A status line is about 100 bytes. */
const MAX_BYTES = 1024

/**
 * Asks a peer for its root process. The peer answers on the protocol id that it advertises, with the text of `GET
 * /status`: `ww/0.1.0/{peer}/{root}`.
 * @throws {GliaError} ERR_NO_PROC if the peer runs no processes, or gives another answer; ERR_UNREACHABLE if it does
 * not answer.
 */
export async function askStatus(connection: Connection, signal = AbortSignal.timeout(NEGOTIATION_MS)): Promise<Pid> {
  const peer = connection.remotePeer.toString()
  try {
    const status = await orAborted(askText(connection, QUESTION, signal), signal)
    const [start, root] = status.split(`/${peer}/`)
    if (`/${start}` !== PROTOCOL || root === undefined) throw new StatusError(`“${status}” is no status`)
    return parsePid(root)
  } catch (cause) {
    if (cause instanceof StatusError || isRefusal(cause)) {
      throw new GliaError('ERR_NO_PROC', `${peer} does not say which process is its root.`, { cause })
    }
    throw await noAnswer(connection, cause)
  }
}

/** Whether the peer is there and refuses to say. */
function isRefusal(cause: unknown): boolean {
  if (cause instanceof GliaError) return cause.code === 'ERR_RESET'
  return cause instanceof Error && ['UnsupportedProtocolError', 'StreamResetError'].includes(cause.name)
}

/** The answer is no status line. */
class StatusError extends Error {}

const QUESTION = {
  protocol: RAW_PROTOCOL,
  maxLength: MAX_BYTES,
  tooLong: () => new StatusError('the status is too long'),
}
