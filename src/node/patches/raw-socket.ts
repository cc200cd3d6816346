import type { Socket } from 'node:net'
import type { MultiaddrConnection } from '@libp2p/interface'
import type { WebSocket } from 'ws'

/** A connection of libp2p's transport for TCP or for WebSockets. */
type Inbound = MultiaddrConnection & { socket?: Socket; websocket?: WebSocket & { _socket: Socket } }

/**
 * The socket of a connection. libp2p gives it to nobody; it bounds neither what is read before a handshake is over, nor how long closing
 * takes.
 *
 * Seen in @libp2p/tcp 11.0.28, @libp2p/websockets 10.1.21. Upstream: not reported, see src/mesh/patches/README.md.
 */
export function socketOf(connection: MultiaddrConnection): Socket | undefined {
  const { socket, websocket } = connection as Inbound
  return socket ?? websocket?._socket
}
