import { WebSocket } from 'ws'

/**
 * Has a WebSocket without a listener for 'error' end quietly. ws emits 'error' for a frame that breaks its rules, and libp2p listens to none:
 * one such frame, from anybody, would end the process. ws closes the socket by itself, and its 'close' is listened to.
 *
 * Seen in @libp2p/websockets 10.1.21. Upstream: not reported, see src/mesh/patches/README.md.
 */
const { emit } = WebSocket.prototype
WebSocket.prototype.emit = function (this: WebSocket, event: string | symbol, ...details: unknown[]): boolean {
  if (event === 'error' && this.listenerCount('error') === 0) return false
  return emit.call(this, event, ...details)
}
