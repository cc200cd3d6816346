import type { Connection, Stream as Libp2pStream } from '@libp2p/interface'
import { GliaError } from '../glia/errors.ts'
import { type ListedProcess, MAX_LISTING, readListing } from '../glia/listing.ts'
import { orAborted } from '../glia/or-aborted.ts'
import { Incoming } from './incoming.ts'
import { abortWith } from './libp2p-stream.ts'
import { IDLE_MS, LISTING_PROTOCOL } from './limits.ts'

/** Answers a peer that asks which processes are listed. */
export async function sendListing(stream: Libp2pStream, listed: readonly ListedProcess[]): Promise<void> {
  // The other side may leave its half open.
  abortWith(stream, AbortSignal.timeout(IDLE_MS))
  try {
    stream.send(new TextEncoder().encode(JSON.stringify(listed)))
    await stream.close()
  } catch (thrown) {
    stream.abort(thrown instanceof Error ? thrown : new Error(String(thrown)))
  }
}

/**
 * Asks a peer which of its processes it lists to this one. A peer that does not speak the protocol lists none.
 * @throws {GliaError} ERR_UNREACHABLE if it does not answer; the signal's reason.
 */
export async function askListing(connection: Connection, signal: AbortSignal): Promise<ListedProcess[]> {
  const peer = connection.remotePeer.toString()
  try {
    return readListing(await orAborted(readText(connection, signal), signal))
  } catch (cause) {
    signal.throwIfAborted()
    if (cause instanceof Error && cause.name === 'UnsupportedProtocolError') return []
    throw new GliaError('ERR_UNREACHABLE', `${peer} did not say which processes it lists.`, { cause })
  }
}

async function readText(connection: Connection, signal: AbortSignal): Promise<string> {
  const stream = await connection.newStream(LISTING_PROTOCOL, { signal, runOnLimitedConnection: true })
  abortWith(stream, signal)
  try {
    const incoming = new Incoming({ stream, remote: connection.remotePeer.toString(), idleMs: 5_000 })
    const decoder = new TextDecoder()
    let text = ''
    for (let piece = await incoming.read(); piece !== null; piece = await incoming.read()) {
      text += decoder.decode(piece, { stream: true })
      if (text.length > MAX_LISTING) throw new Error('the list is too long')
    }
    return text
  } finally {
    void stream.close().catch(() => undefined)
  }
}
