import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { type GossipSub, gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { tcp } from '@libp2p/tcp'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeAnnouncement } from '../mesh/presence/announcement.ts'
import { scopeOfHost } from '../mesh/dial/address-scope.ts'
import { DialGate } from '../mesh/dial/dial-gate.ts'
import { DISCOVERY_TOPIC } from '../mesh/limits.ts'
import { glia, plainClient, reserved, type TestNode } from '../mesh/test-nodes.ts'
import { PinnedNames } from './relay/dialled-names.ts'
import type { GliaServer } from './server.ts'
import { ask, testServers, type TestServers } from './test-server.ts'

let servers: TestServers
const ends: (() => unknown)[] = []

beforeAll(async () => {
  servers = await testServers()
})

afterAll(async () => {
  for (const end of ends) await end()
  await servers.end()
})

/** A port that counts its connections. */
async function countedPort(): Promise<{ port: number; count(): number }> {
  let count = 0
  const server = createServer((socket) => {
    count += 1
    socket.on('error', () => undefined).destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => server.close())
  return { port: (server.address() as AddressInfo).port, count: () => count }
}

function addressOf({ relayAddresses }: GliaServer, kind: 'ws' | 'tcp'): string {
  return relayAddresses.find((address) => address.includes('/ws/') === (kind === 'ws')) ?? ''
}

/** A peer in the gossip of a server. It announces these addresses for itself, and leaves. @returns its id */
async function announced(server: GliaServer, ...addresses: string[]): Promise<string> {
  const peer = await plainClient({ services: { identify: identify(), pubsub: gossipsub({ floodPublish: true }) } })
  const pubsub = peer.services['pubsub'] as GossipSub
  pubsub.subscribe(DISCOVERY_TOPIC)
  const watcher = await glia()
  watcher.mesh.useRelays([addressOf(server, 'tcp')])
  await reserved(watcher)
  await peer.dial(multiaddr(addressOf(server, 'tcp')))
  await expect.poll(() => pubsub.getSubscribers(DISCOVERY_TOPIC).length, { timeout: 10_000 }).toBeGreaterThan(0)
  const { publicKey } = peer.peerId
  if (!publicKey) throw new Error('a peer id without its key')
  await pubsub.publish(DISCOVERY_TOPIC, writeAnnouncement(publicKeyToProtobuf(publicKey), addresses.map(multiaddr)))
  const id = peer.peerId.toString()
  // A peer that hears it from the server shows that the server has heard it.
  await expect.poll(() => watcher.mesh.peers().some(({ peerId }) => peerId === id), { timeout: 10_000 }).toBe(true)
  await peer.stop()
  return id
}

test('a server dials no port of its own machine for a stranger that is not there', async () => {
  const server = await servers.start()
  const { port, count } = await countedPort()
  for (const address of [
    `/ip4/127.0.0.1/tcp/${port}`,
    `/ip4/127.0.0.1/tcp/${port}/ws`,
    `/dns4/localhost/tcp/${port}`,
    `/ip4/8.8.8.8/tcp/${port}/tls/sni/localhost/ws`,
  ]) {
    // oxlint-disable-next-line no-await-in-loop -- one stranger after the other
    const peer = await announced(server, address)
    // oxlint-disable-next-line no-await-in-loop
    const answer = await ask(`/ww/0.1.0/${peer}/root/echo`, { port: server.port, method: 'POST', body: 'x' })
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([502, { code: 'ERR_UNREACHABLE' }])
  }
  expect(count()).toBe(0)
})

test('a name that leads elsewhere by the time of the dial is dialled where it was judged', async () => {
  const { port, count } = await countedPort()
  let asked = 0
  const names = new PinnedNames(async () => (++asked === 1 ? ['192.0.2.1'] : ['127.0.0.1']))
  const gate = new DialGate({ networkHere: () => undefined, names })
  const dialOpts = { noDelay: true, lookup: names.lookup }
  const client = await plainClient({
    transports: [tcp({ dialOpts })],
    connectionGater: { denyDialMultiaddr: async (address: Multiaddr) => !(await gate.allowsDial(address)) },
  })
  const address = multiaddr(`/dns4/rebound.example.org/tcp/${port}`)
  const first = client.dial(address, { signal: AbortSignal.timeout(500) })
  expect(await first.catch(() => 'not reached')).toBe('not reached')
  expect(count()).toBe(0)
  // The second lookup leads to this machine.
  await expect(client.dial(address)).rejects.toThrow('gater denied')
  expect([count(), asked]).toEqual([0, 2])
  // A name that nobody has judged is not looked up at all.
  await expect(new Promise((_, reject) => names.lookup('other.example.org', {}, reject))).rejects.toThrow('not judged')
})

test('two tabs behind relays of one machine that know each other reach each other there, and nothing else', async () => {
  const first = await servers.start()
  const other = await servers.start({ relays: [addressOf(first, 'tcp')] })
  const { port, count } = await countedPort()
  const onLoopback = { networkHere: (ip: string) => (scopeOfHost(ip) === 'loopback' ? 'loopback' : undefined) }
  const [ada, bob] = await Promise.all([glia([], onLoopback), glia([], onLoopback)])
  ada.mesh.useRelays([addressOf(first, 'tcp')])
  bob.mesh.useRelays([addressOf(other, 'tcp')])
  const stranger = await announced(other, `/ip4/127.0.0.1/tcp/${port}`)
  const reaches = async ({ mesh }: TestNode, peer: string): Promise<string> =>
    mesh.connect(peer).catch(() => 'unreachable')
  await expect.poll(() => reaches(ada, bob.peerId), { timeout: 20_000 }).toBe(bob.peerId)
  expect(await reaches(ada, stranger)).toBe('unreachable')
  expect(count()).toBe(0)
})
