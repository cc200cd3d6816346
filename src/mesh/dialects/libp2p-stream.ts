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

/** Aborts a stream when the signal aborts. Without it a stream that the other side leaves open would stay. */
export function abortWith(stream: Libp2pStream, signal: AbortSignal): void {
  const abort = (): void => stream.abort(toGliaError(signal.reason, 'ERR_ABORTED'))
  if (signal.aborted) return abort()
  signal.addEventListener('abort', abort, { once: true })
  stream.addEventListener('close', () => signal.removeEventListener('abort', abort))
}
