import { StreamState, YamuxStream } from '@libp2p/yamux/stream'
import { toGliaError } from '../../glia/errors.ts'

/**
 * Has yamux tell of room in its window when half of it is used up, as go-yamux does. By itself it tells after each message, in a frame of
 * its own, and over a relay each frame is encrypted twice and passed on four times. A stream whose connection is over is aborted: yamux tells of a
 * new stream in a task of its own, and what that throws ends a server.
 *
 * Seen in @libp2p/yamux 8.0.3. Upstream: not reported, see README.md. Idempotent.
 */
export function sendFewerWindowUpdates(): void {
  if (mended) return
  mended = true
  // It is called on its stream.
  // oxlint-disable-next-line typescript/unbound-method
  const { sendWindowUpdate } = YamuxStream.prototype
  YamuxStream.prototype.sendWindowUpdate = function sparing(this: YamuxStream): void {
    const { state, recvWindow, recvWindowCapacity } = this as unknown as Window
    // In its other states a stream has a flag to send with it.
    const isDue = state !== StreamState.Established || recvWindowCapacity <= recvWindow / 2
    try {
      if (isDue) sendWindowUpdate.call(this)
    } catch (thrown) {
      this.abort(toGliaError(thrown))
    }
  }
}

let mended = false

interface Window {
  state: StreamState
  /** Bytes that the other side may send in a round, and that it may still send now. */
  recvWindow: number
  recvWindowCapacity: number
}
