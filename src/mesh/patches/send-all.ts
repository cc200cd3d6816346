import type { Stream as Libp2pStream } from '@libp2p/interface'

/**
 * Sends bytes and waits until the stream takes more. One `drain` event is not enough: the muxer tells all of its streams, also those whose
 * window is used up. `stream.onDrain()` rejects for ever once it was aborted, and an abort fires `idle` before `close`.
 *
 * Seen in libp2p 3.3.11. Upstream: not reported, see README.md.
 * @throws {Error} if the stream is closed, aborted or reset before all was sent.
 */
export async function sendAll(stream: Libp2pStream, bytes: Uint8Array): Promise<void> {
  if (stream.send(bytes)) return
  // oxlint-disable-next-line no-await-in-loop -- until the bytes are out
  while (!isSent(stream)) await nextChange(stream)
}

/** Whether a stream has passed on what it was given, and takes more. @throws {Error} if it never will. */
function isSent(stream: Libp2pStream): boolean {
  const { status, writeStatus, remoteReadStatus, writeBufferLength } = stream
  // Asked first: a stream that is aborted drops what it was given, and says for ever that it needs a drain.
  if (status === 'aborted' || status === 'reset') throw new Error(`The stream was ${status}.`)
  if (status === 'closed' && writeBufferLength > 0) throw new Error('The stream was closed before all was sent.')
  // It was closed after the last byte.
  if (status === 'closed' || writeStatus === 'closed') return true
  if (remoteReadStatus === 'closed') throw new Error('The other side reads no more.')
  return !stream.writableNeedsDrain && writeBufferLength === 0
}

/** Events after which a stream may be in another state. An abort fires `idle` and then, in the same task, `close` (libp2p 3.3). */
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
