import type { Connection } from '@libp2p/interface'
import { PING_PROTOCOL } from '@libp2p/ping'
import { failureOf, meshError } from '../dial/failure-words.ts'
import { Incoming } from './incoming.ts'
import { abortWith } from './libp2p-stream.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import { onBytes } from '../patches/connection-bytes.ts'

/** Bytes of a ping in libp2p's protocol. */
export const PING_BYTES = 32

/**
 * Asks over this very connection whether the peer is there, and ends the connection if nothing comes in time. A
 * connection whose network or tab went away looks open for up to a quarter of a minute. Any byte counts as an answer:
 * on a slow line the answer to the ping comes behind everything that is under way already.
 * @returns false if the connection was ended.
 */
export async function probe(connection: Connection, ms: number): Promise<boolean> {
  const signal = AbortSignal.timeout(ms)
  const { promise: heard, resolve } = Promise.withResolvers<void>()
  const stopListening = onBytes(connection, () => resolve())
  try {
    // A failed ping proves nothing: this peer may have too many under way.
    void ping(connection, signal).then(
      () => resolve(),
      (thrown: unknown) => {
        // A peer of another kind may not support ping. It has said so, which is an answer too.
        if (failureOf(thrown, signal) === 'unsupported') resolve()
      },
    )
    await orAborted(heard, signal)
    return true
  } catch (thrown) {
    connection.abort(meshError(connection.remotePeer.toString(), thrown, signal))
    return false
  } finally {
    stopListening()
  }
}

/** Time of a ping there and back over this connection, in ms. @throws {Error} if it is not answered. */
export async function ping(connection: Connection, signal: AbortSignal): Promise<number> {
  return orAborted(roundTrip(connection, signal), signal)
}

async function roundTrip(connection: Connection, signal: AbortSignal): Promise<number> {
  const stream = await connection.newStream(PING_PROTOCOL, { signal, runOnLimitedConnection: true })
  abortWith(stream, signal)
  const incoming = new Incoming({ stream, remote: connection.remotePeer.toString() })
  const began = performance.now()
  stream.send(crypto.getRandomValues(new Uint8Array(PING_BYTES)))
  let left = PING_BYTES
  while (left > 0) {
    // oxlint-disable-next-line no-await-in-loop -- the reply may come in pieces
    const piece = await incoming.read()
    if (!piece) throw new Error('the ping was not answered')
    left -= piece.length
  }
  void stream.close().catch(() => undefined)
  return performance.now() - began
}
