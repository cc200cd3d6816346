// The libraries as they come, without our workarounds: a test that fails here says that upstream has mended something.
import { circuitRelayServer, type CircuitRelayService } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { webSockets } from '@libp2p/websockets'
import type { Multiaddr } from '@multiformats/multiaddr'
import { afterEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { plainClient } from '../../mesh/test-nodes.ts'

afterEach(() => vi.unstubAllGlobals())

function relayServer(): Promise<Libp2p<{ relay: CircuitRelayService }>> {
  return plainClient({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    services: { identify: identify(), relay: circuitRelayServer() },
  }) as unknown as Promise<Libp2p<{ relay: CircuitRelayService }>>
}

function addressOf(node: Libp2p<never>): Multiaddr {
  const [address] = node.getMultiaddrs()
  if (!address) throw new Error('the node listens nowhere')
  return address
}

/** A client with a reservation at a relay. @returns its address there */
async function reserve(client: Libp2p, relay: Libp2p<never>): Promise<Multiaddr> {
  const address = addressOf(relay).encapsulate('/p2p-circuit')
  const { components } = client as unknown as {
    components: { transportManager: { listen(addresses: Multiaddr[]): Promise<void> } }
  }
  await components.transportManager.listen([address])
  return address.encapsulate(`/p2p/${client.peerId.toString()}`)
}

test('gone-reservations.ts: a relay keeps the reservation of a peer that is gone', async () => {
  const [relay, client] = await Promise.all([relayServer(), plainClient()])
  await reserve(client, relay as unknown as Libp2p<never>)
  const gone = new Promise((resolve) => relay.addEventListener('peer:disconnect', resolve, { once: true }))
  await client.stop()
  await gone
  expect(relay.services.relay.reservations.has(client.peerId)).toBe(true)
})

test('newest-connection.ts: a relay passes circuits over the oldest connection of a peer', async () => {
  const [relay, callee, caller] = await Promise.all([relayServer(), plainClient(), plainClient()])
  const address = await reserve(callee, relay as unknown as Libp2p<never>)
  await callee.dial(addressOf(relay as unknown as Libp2p<never>), { force: true })
  await expect.poll(() => relay.getConnections(callee.peerId)).toHaveLength(2)
  await caller.dial(address)
  const stops = relay
    .getConnections(callee.peerId)
    .toSorted((a, b) => a.timeline.open - b.timeline.open)
    .map(({ streams }) => streams.filter(({ protocol }) => protocol.endsWith('/stop')).length)
  expect(stops).toEqual([1, 0])
})

test('socket-errors.ts: nothing listens to the errors of a WebSocket that came in', async () => {
  vi.stubGlobal('WebSocket', WebSocket)
  const server = await plainClient({ addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] }, transports: [webSockets()] })
  const client = await plainClient({ transports: [webSockets()] })
  await client.dial(addressOf(server as unknown as Libp2p<never>))
  await expect.poll(() => server.getConnections()).toHaveLength(1)
  const [connection] = server.getConnections()
  const { websocket } = (connection as unknown as { maConn: { websocket: WebSocket } }).maConn
  expect(websocket.listenerCount('error')).toBe(0)
})
