import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { Libp2p, Libp2pEvents, TypedEventTarget } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { echo, makeProc } from '../../glia/test-peer.ts'
import { SESSION_PROTOCOL } from '../../mesh/limits.ts'
import type { MeshNode } from '../../mesh/node.ts'
import type { GliaServer } from '../server.ts'
import { ask, testServers, type TestServers } from '../test-server.ts'
import { startTab } from '../test-tab.ts'
import { RelayGuard } from './relay-guard.ts'

let servers: TestServers
const running: { stop(): unknown }[] = []

beforeAll(async () => {
  servers = await testServers()
})

afterAll(async () => {
  await Promise.all(running.map(async (node) => node.stop()))
  await servers.end()
})

function addressOf({ relayAddresses }: GliaServer, port: 'ws' | 'tcp'): string {
  return relayAddresses.find((address) => address.includes('/ws/') === (port === 'ws')) ?? ''
}

async function tabAt(server: GliaServer): Promise<MeshNode> {
  const tab = await startTab(makeProc(() => echo).proc, [addressOf(server, 'ws')])
  running.push(tab)
  return tab
}

/** A libp2p peer without Glia. */
async function stranger(...listen: readonly string[]): Promise<Libp2p> {
  const peer = await createLibp2p({
    addresses: { listen: [...listen] },
    transports: [tcp(), circuitRelayTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
  })
  running.push(peer)
  return peer
}

async function metric({ port }: GliaServer, name: string): Promise<number> {
  const { body } = await ask('/metrics', { port })
  return Number(
    body
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length) ?? 0,
  )
}

function state(tab: MeshNode): string | undefined {
  return tab.relays()[0]?.state
}

test('one address has its share of the reservations, and no more', { timeout: 60_000 }, async () => {
  // This machine has eight times the share of another.
  const server = await servers.start({ perAddress: 1 })
  const tabs = await Promise.all(Array.from({ length: 9 }, () => tabAt(server)))
  const states = (): (string | undefined)[] => tabs.map(state)
  await expect.poll(() => states().filter((each) => each === 'reserved').length, { timeout: 30_000 }).toBe(8)
  await expect.poll(() => metric(server, 'glia_refused_total{what="reservation"}')).toBeGreaterThan(0)
  expect(await metric(server, 'glia_reservations')).toBe(8)
  // When a tab has gone its place is free.
  await tabs[states().indexOf('reserved')]?.stop()
  await expect.poll(() => states().filter((each) => each === 'reserved').length, { timeout: 40_000 }).toBe(8)
  await expect.poll(() => metric(server, 'glia_reservations'), { timeout: 30_000 }).toBe(8)
})

test('circuits past the limit are refused, until one has ended', { timeout: 60_000 }, async () => {
  const server = await servers.start({ circuits: 1 })
  const tab = await tabAt(server)
  await expect.poll(() => state(tab), { timeout: 30_000 }).toBe('reserved')
  const way = multiaddr(`${addressOf(server, 'tcp')}/p2p-circuit/p2p/${tab.peerId}`)
  const [first, second] = await Promise.all([stranger(), stranger()])
  const connection = await first.dial(way)
  await expect(second.dial(way)).rejects.toThrow('RESOURCE_LIMIT_EXCEEDED')
  expect(await metric(server, 'glia_refused_total{what="circuit"}')).toBe(1)
  await connection.close()
  await expect.poll(() => metric(server, 'glia_circuits_open')).toBe(0)
  const dialled = (): Promise<string> =>
    second.dial(way).then(
      ({ remotePeer }) => remotePeer.toString(),
      () => 'refused',
    )
  await expect.poll(dialled).toBe(tab.peerId)
})

test('a request that is refused holds no place among the circuits', { timeout: 60_000 }, async () => {
  const server = await servers.start({ circuits: 1 })
  const tab = await tabAt(server)
  await expect.poll(() => state(tab), { timeout: 30_000 }).toBe('reserved')
  const [refused, peer] = await Promise.all([stranger(), stranger()])
  const connection = await refused.dial(multiaddr(addressOf(server, 'tcp')))
  const hop = await connection.newStream('/libp2p/circuit/relay/0.2.0/hop')
  const answered = Promise.withResolvers<Uint8Array>()
  hop.addEventListener('message', ({ data }) => answered.resolve(data.subarray()))
  // A HopMessage of type CONNECT (1) to a peer without a reservation: the one that asks.
  const id = refused.peerId.toMultihash().bytes
  hop.send(Uint8Array.of(6 + id.length, 0x08, 1, 0x12, 2 + id.length, 0x0a, id.length, ...id))
  // The status is NO_RESERVATION (204).
  expect([...(await answered.promise)].slice(-2)).toEqual([204, 1])
  const circuit = await peer.dial(multiaddr(`${addressOf(server, 'tcp')}/p2p-circuit/p2p/${tab.peerId}`))
  expect(circuit.remotePeer.toString()).toBe(tab.peerId)
  await expect.poll(() => hop.remoteWriteStatus).toBe('closed')
})

test('peers that do not speak Glia get no reservation, unless the relay is for any', { timeout: 60_000 }, async () => {
  const server = await servers.start()
  await expect(stranger(`${addressOf(server, 'tcp')}/p2p-circuit`)).rejects.toThrow('PERMISSION_DENIED')
  expect(await metric(server, 'glia_refused_total{what="not glia"}')).toBeGreaterThan(0)
  expect(await metric(server, 'glia_reservations')).toBe(0)
  const open = await servers.start({ relayFor: 'any' })
  const peer = await stranger(`${addressOf(open, 'tcp')}/p2p-circuit`)
  expect(await metric(open, 'glia_reservations')).toBe(1)
  expect(peer.getMultiaddrs().length).toBeGreaterThan(0)
})

test('--circuit-bytes states how much a circuit may carry', { timeout: 60_000 }, async () => {
  const server = await servers.start({ circuitBytes: 100_000 })
  const tab = await tabAt(server)
  await expect.poll(() => state(tab), { timeout: 30_000 }).toBe('reserved')
  const peer = await stranger()
  const connection = await peer.dial(multiaddr(`${addressOf(server, 'tcp')}/p2p-circuit/p2p/${tab.peerId}`))
  expect(connection.limits?.bytes).toBeLessThanOrEqual(100_000n)
})

test('a Glia peer that opens a stream before it has said what it speaks is refused nothing', async () => {
  const server = await servers.start()
  const tabs = await Promise.all(Array.from({ length: 5 }, () => tabAt(server)))
  await expect.poll(() => tabs.map(state), { timeout: 30_000 }).toEqual(tabs.map(() => 'reserved'))
  expect(await metric(server, 'glia_refused_total{what="not glia"}')).toBe(0)
})

test('a peer that has gone before it is known what it speaks is not taken for a stranger when it is back', async () => {
  const guard = new RelayGuard({
    reservationsPerNetwork: 1,
    circuitsPerNetwork: 1,
    circuits: 1,
    relayFor: 'glia',
    observer: { refused: () => undefined },
  })
  const components = Promise.withResolvers<
    Parameters<ReturnType<typeof circuitRelayServer>>[0] & { events: TypedEventTarget<Libp2pEvents> }
  >()
  const hub = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: {
      relay: guard.guard((given) => {
        components.resolve(given)
        return circuitRelayServer()(given)
      }),
    },
  })
  const peer = await createLibp2p({ transports: [tcp()], connectionEncrypters: [noise()], streamMuxers: [yamux()] })
  running.push(hub, peer)
  const { events, peerStore } = await components.promise
  const { peerId } = peer
  const identified = (): boolean => events.safeDispatchEvent('peer:identify', { detail: { peerId } })
  // Identify has ended after the connection did.
  identified()
  await peer.dial(hub.getMultiaddrs())
  const denied = guard.gater.denyInboundRelayReservation?.(peerId)
  await peerStore.patch(peerId, { protocols: [SESSION_PROTOCOL] })
  identified()
  expect(await denied).toBe(false)
})
