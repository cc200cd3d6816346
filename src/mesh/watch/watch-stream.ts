import type { Connection } from '@libp2p/interface'
import { GliaError } from '../../glia/errors.ts'
import type { SessionChannel } from '../../glia/session/session.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import { failureOf } from '../dial/failure-words.ts'
import { probe } from '../dialects/probe.ts'
import { Libp2pChannel } from '../dialects/session-channel.ts'
import { DOUBT_MS, NEGOTIATION_MS, WATCH_PROTOCOL, WATCH_SILENCE_MS } from '../limits.ts'
import { onBytes } from '../patches/connection-bytes.ts'

/** Whether this peer watches something over a connection. */
export function watchesOver({ streams }: Connection): boolean {
  return streams.some(({ protocol, direction }) => protocol === WATCH_PROTOCOL && direction === 'outbound')
}

/** @throws {GliaError} ERR_BAD_REQUEST if the peer does not speak the protocol; the error of libp2p. */
export async function openWatchStream(connection: Connection, given: AbortSignal): Promise<SessionChannel> {
  const signal = AbortSignal.any([given, AbortSignal.timeout(NEGOTIATION_MS)])
  try {
    const opening = connection.newStream(WATCH_PROTOCOL, { signal, runOnLimitedConnection: true })
    const stream = await orAborted(opening, signal)
    const stop = doubtSilence(connection)
    stream.addEventListener('close', stop, { once: true })
    if (stream.status !== 'open') stop()
    return new Libp2pChannel(stream)
  } catch (cause) {
    if (failureOf(cause, signal) !== 'unsupported') throw cause
    const message = `${connection.remotePeer.toString()} does not tell other peers of the ends of its processes.`
    throw new GliaError('ERR_BAD_REQUEST', message, { cause })
  }
}

/**
 * Tests the connection when it is silent. An idle watch sends nothing, but the muxers of both sides ping each other
 * every 30 s. If nothing comes for longer, the other side may be gone behind a relay that has not noticed. A connection
 * without an answer is closed. @returns a function that stops this
 */
function doubtSilence(connection: Connection): () => void {
  let heardAt = Date.now()
  const stopListening = onBytes(connection, () => (heardAt = Date.now()))
  const timer = setInterval(() => {
    if (Date.now() - heardAt > WATCH_SILENCE_MS) void probe(connection, DOUBT_MS)
  }, WATCH_SILENCE_MS / 2)
  return () => {
    stopListening()
    clearInterval(timer)
  }
}
