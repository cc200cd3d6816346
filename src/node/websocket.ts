import { WebSocket } from 'ws'

// Node 20 has no global WebSocket, which libp2p dials with (FACTS 1.2).
const incomplete: { WebSocket?: unknown } = globalThis
incomplete.WebSocket ??= WebSocket

/**
 * ws emits 'error' for a frame that breaks its rules, and @libp2p/websockets 10.1.21 listens to none: one such frame, from
 * anybody, would end the process. ws closes the socket by itself, and its 'close' is listened to.
 */
const { emit } = WebSocket.prototype
WebSocket.prototype.emit = function (this: WebSocket, event: string | symbol, ...details: unknown[]): boolean {
  if (event === 'error' && this.listenerCount('error') === 0) return false
  return emit.call(this, event, ...details)
}
