import type { Connection, Stream as Libp2pStream } from '@libp2p/interface'
import { GliaError } from '../../glia/errors.ts'
import { type ListedProcess, MAX_LISTING, readListing } from '../../glia/listing.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import { LISTING_PROTOCOL } from '../limits.ts'
import { askText, sendText } from '../dialects/text-answer.ts'

const QUESTION = {
  protocol: LISTING_PROTOCOL,
  maxLength: MAX_LISTING,
  tooLong: () => new Error('the list is too long'),
}

/** Answers a peer that asks for the listed processes. */
export async function sendListing(stream: Libp2pStream, listed: readonly ListedProcess[]): Promise<void> {
  await sendText(stream, JSON.stringify(listed))
}

/**
 * Asks a peer which of its processes it lists to this one. A peer that does not speak the protocol lists none.
 * @throws {GliaError} ERR_UNREACHABLE if it does not answer; the signal's reason.
 */
export async function askListing(connection: Connection, signal: AbortSignal): Promise<ListedProcess[]> {
  const peer = connection.remotePeer.toString()
  try {
    return readListing(await orAborted(askText(connection, QUESTION, signal), signal))
  } catch (cause) {
    signal.throwIfAborted()
    if (cause instanceof Error && cause.name === 'UnsupportedProtocolError') return []
    throw new GliaError('ERR_UNREACHABLE', `${peer} did not say which processes it lists.`, { cause })
  }
}
