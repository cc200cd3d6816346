import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Listener } from '@libp2p/interface'
import type { WebSocket, WebSocketServer } from 'ws'

/**
 * What is used of libp2p's listener for WebSockets besides its interface: it has no options for who may come in, how large a frame is, and
 * how long a socket may say nothing.
 *
 * Seen in @libp2p/websockets 10.1.21. Upstream: not reported, see src/mesh/patches/README.md.
 */
export interface WsListener extends Listener {
  wsServer: WebSocketServer
  onSocketConnection(socket: Socket): Promise<void>
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  onWsServerConnection(socket: WebSocket, request: Pick<IncomingMessage, 'socket' | 'destroy'>): void
}
