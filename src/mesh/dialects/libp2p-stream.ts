import type { Stream as Libp2pStream } from '@libp2p/interface'
import { toGliaError } from '../../glia/errors.ts'

/**
 * The pieces in a stream's message event, which carries bytes or a list of them (Uint8ArrayList is iterable). Sockets
 * of Node give Buffers, whose `slice` and `toString` differ from those of Uint8Array: they are made plain.
 */
export function* piecesOf(data: Uint8Array | Iterable<Uint8Array>): Iterable<Uint8Array> {
  for (const piece of data instanceof Uint8Array ? [data] : data) {
    yield piece.constructor === Uint8Array ? piece : new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength)
  }
}

/**
 * Sends bytes and waits until the stream takes more. One `drain` event is not enough: the muxer sends it to all of its
 * streams, also to those whose window is used up. `stream.onDrain()` works only once per stream (libp2p 3.3).
 * @throws {Error} if the stream is closed, aborted or reset before everything was sent.
 */
export async function sendAll(stream: Libp2pStream, bytes: Uint8Array): Promise<void> {
  if (stream.send(bytes)) return
  // oxlint-disable-next-line no-await-in-loop -- until the bytes are out
  while (!isSent(stream)) await nextChange(stream)
}

/** Whether a stream has passed on its bytes, and takes more. @throws {Error} if it never will. */
function isSent(stream: Libp2pStream): boolean {
  const { status, writeStatus, remoteReadStatus, writeBufferLength } = stream
  // Checked first: an aborted stream drops its bytes, and says for ever that it needs a drain.
  if (status === 'aborted' || status === 'reset') throw new Error(`The stream was ${status}.`)
  if (status === 'closed' && writeBufferLength > 0) throw new Error('The stream was closed before all was sent.')
  // The stream was closed after the last byte.
  if (status === 'closed' || writeStatus === 'closed') return true
  if (remoteReadStatus === 'closed') throw new Error('The other side reads no more.')
  return !stream.writableNeedsDrain && writeBufferLength === 0
}

/**
 * Events after which the state of a stream may differ. An abort fires `idle` and then, in the same task, `close`
 * (libp2p 3.3).
 */
const CHANGES = ['drain', 'idle', 'close'] as const

function nextChange(stream: Libp2pStream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const changed = (): void => {
    for (const name of CHANGES) stream.removeEventListener(name, changed)
    resolve()
  }
  for (const name of CHANGES) stream.addEventListener(name, changed)
  return promise
}

/** Aborts a stream when the signal aborts. Without it a stream that the other side leaves open would stay. */
export function abortWith(stream: Libp2pStream, signal: AbortSignal): void {
  const abort = (): void => stream.abort(toGliaError(signal.reason, 'ERR_ABORTED'))
  if (signal.aborted) return abort()
  signal.addEventListener('abort', abort, { once: true })
  stream.addEventListener('close', () => signal.removeEventListener('abort', abort))
}
