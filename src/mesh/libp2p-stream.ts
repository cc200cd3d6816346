import type { Stream as Libp2pStream, StreamCloseEvent } from '@libp2p/interface'

/**
 * The pieces in a stream's message event, which carries bytes or a list of them (Uint8ArrayList is iterable). Node's sockets
 * give Buffers, which are told from Uint8Arrays by what `slice` and `toString` do: they are made plain.
 */
export function* piecesOf(data: Uint8Array | Iterable<Uint8Array>): Iterable<Uint8Array> {
  for (const piece of data instanceof Uint8Array ? [data] : data) {
    yield piece.constructor === Uint8Array ? piece : new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength)
  }
}

/**
 * Sends bytes and waits until the stream takes more. Not by `stream.onDrain()`, which works once a stream (FACTS 3.3), and not
 * by one `drain` alone: the muxer drains for all its streams, also for one whose window is used up.
 * @throws {Error} if the stream is closed.
 */
export async function sendAll(stream: Libp2pStream, bytes: Uint8Array): Promise<void> {
  if (stream.send(bytes)) return
  // oxlint-disable-next-line no-await-in-loop -- until it is true
  while (stream.writableNeedsDrain || stream.writeBufferLength > 0) await nextChange(stream)
}

function nextChange(stream: Libp2pStream): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const done = (): void => {
    stream.removeEventListener('drain', onDrain)
    stream.removeEventListener('idle', onDrain)
    stream.removeEventListener('close', onClose)
  }
  const onDrain = (): void => {
    done()
    resolve()
  }
  const onClose = ({ error }: StreamCloseEvent): void => {
    done()
    reject(error ?? new Error('The stream was closed.'))
  }
  stream.addEventListener('drain', onDrain)
  stream.addEventListener('idle', onDrain)
  stream.addEventListener('close', onClose)
  return promise
}
