import type { MultiaddrConnection, Transport, Upgrader } from '@libp2p/interface'

/** What is used of a connection by WebSocket. `terminate` is that of ws, which browsers do not have. */
type SocketConnection = MultiaddrConnection & {
  websocket?: { close(): void; terminate?(): void }
  sendReset?(): void
}

/**
 * Has a WebSocket close when libp2p aborts its connection. libp2p closes it with the code 1006, which browsers and ws refuse. The socket then
 * stays open: it takes memory on both sides, and the other side believes that the connection is there.
 *
 * Seen in @libp2p/websockets 10.1.21. Upstream: libp2p/js-libp2p#3625, open.
 */
export function closingSockets<Components>(
  make: (components: Components) => Transport,
): (components: Components) => Transport {
  return (components) => {
    const transport = make(components)
    const dial = transport.dial.bind(transport)
    const createListener = transport.createListener.bind(transport)
    transport.dial = (address, options) => dial(address, { ...options, upgrader: closing(options.upgrader) })
    transport.createListener = (options) => createListener({ ...options, upgrader: closing(options.upgrader) })
    return transport
  }
}

/** Sees each connection before anything can abort it. */
function closing(upgrader: Upgrader): Upgrader {
  return new Proxy(upgrader, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      const isUpgrade = name === 'upgradeInbound' || name === 'upgradeOutbound'
      return (first: unknown, ...rest: unknown[]): unknown => {
        if (isUpgrade) closeOnReset(first as SocketConnection)
        return Reflect.apply(value, target, [first, ...rest])
      }
    },
  })
}

function closeOnReset(connection: SocketConnection): void {
  const { websocket } = connection
  if (!websocket) return
  connection.sendReset = () => (websocket.terminate ? websocket.terminate() : websocket.close())
}
