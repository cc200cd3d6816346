import { AsyncLocalStorage } from 'node:async_hooks'
import type { LookupFunction } from 'node:net'
import { WebSocket } from 'ws'
import { MAX_FRAME_BYTES } from '../limits.ts'

/**
 * The lookup of names for WebSockets that are made while this runs: @libp2p/websockets 10.1.21 has no option for it.
 */
export const dialling = new AsyncLocalStorage<LookupFunction>()

/** The WebSocket with which libp2p dials. Frames of the dialled server have the same limit as incoming ones. */
class BoundedWebSocket extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    const lookup = dialling.getStore()
    super(url, protocols ?? [], { maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false, ...(lookup && { lookup }) })
  }
}

// Node 20 has no global WebSocket. The one of later versions has no limit for frames.
Object.assign(globalThis, { WebSocket: BoundedWebSocket })

/**
 * ws emits 'error' for a frame that breaks its rules, and @libp2p/websockets 10.1.21 does not listen to it: one such
 * frame, from anybody, would end the process. ws closes the socket itself, and its 'close' is listened to.
 */
const { emit } = WebSocket.prototype
WebSocket.prototype.emit = function (this: WebSocket, event: string | symbol, ...details: unknown[]): boolean {
  if (event === 'error' && this.listenerCount('error') === 0) return false
  return emit.call(this, event, ...details)
}
