import type { Connection, PeerId } from '@libp2p/interface'
import type { CircuitRelayServerComponents, CircuitRelayService } from '@libp2p/circuit-relay-v2'

type Make = (components: CircuitRelayServerComponents) => CircuitRelayService

/**
 * Has a relay server pass circuits over the newest connection of a peer. By itself it takes the oldest. After a tab lost its network and
 * came back, the oldest connection is dead, and the tab cannot be called until the relay notices.
 *
 * Seen in @libp2p/circuit-relay-v2 4.2.13. Upstream: not reported, see README.md.
 */
export function toNewestConnection(make: Make): Make {
  return (components) => {
    const { connectionManager } = components
    const newestFirst = new Proxy(connectionManager, {
      get: (target, name) =>
        name === 'getConnections'
          ? (peer?: PeerId): Connection[] => target.getConnections(peer).toReversed()
          : (Reflect.get(target, name, target) as unknown),
    })
    return make(
      new Proxy(components, {
        get: (target, name) =>
          name === 'connectionManager' ? newestFirst : (Reflect.get(target, name, target) as unknown),
      }),
    )
  }
}
