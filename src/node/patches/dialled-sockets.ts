import { AsyncLocalStorage } from 'node:async_hooks'
import type { LookupFunction } from 'node:net'
import { WebSocket } from 'ws'
import { MAX_FRAME_BYTES } from '../limits.ts'

/**
 * How names are looked up by the WebSockets that are made while this runs. libp2p dials with the global WebSocket, and has no option for the
 * lookup nor for the size of a frame.
 *
 * Seen in @libp2p/websockets 10.1.21. Upstream: not reported, see src/mesh/patches/README.md.
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
