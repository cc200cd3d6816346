import { generateKeyPair, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import type { Libp2p, PrivateKey } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { afterEach, expect, test, vi } from 'vitest'
import { readAnnouncement, writeAnnouncement } from './announcement.ts'
import { Discovery } from './discovery.ts'
import { KnownPeers } from './known-peers.ts'
import { SILENT } from '../../glia/log.ts'
import { DISCOVERY_TOPIC } from '../limits.ts'
import { glia, plainClient, relay, type TestNode, whereIs } from '../test-nodes.ts'

const strangers: Libp2p[] = []
const stopping: Discovery[] = []

afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  for (const discovery of stopping.splice(0)) discovery.stop()
  await Promise.all(strangers.splice(0).map(async (peer) => peer.stop()))
})

interface Stranger {
  libp2p: Libp2p
  key: PrivateKey
  /** Signs and sends bytes that are no announcement. */
  say(data: Uint8Array): Promise<void>
}

/** A peer that signs anything, connected to a hub. */
async function stranger(hub: TestNode): Promise<Stranger> {
  const key = await generateKeyPair('Ed25519')
  const libp2p = await createLibp2p({
    privateKey: key,
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), pubsub: gossipsub({ floodPublish: true }) },
  })
  strangers.push(libp2p)
  const pubsub = libp2p.services.pubsub
  pubsub.subscribe(DISCOVERY_TOPIC)
  await libp2p.dial(multiaddr(whereIs(hub)))
  await expect.poll(() => pubsub.getSubscribers(DISCOVERY_TOPIC).length, { timeout: 10_000 }).toBeGreaterThan(0)
  return { libp2p, key, say: async (data) => void (await pubsub.publish(DISCOVERY_TOPIC, data)) }
}

/** The message, without the limits that our own code keeps. */
function announcement(key: PrivateKey, list: readonly Multiaddr[]): Uint8Array {
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))]
  const field = (tag: number, bytes: Uint8Array): number[] => [tag, ...varint(bytes.length), ...bytes]
  return Uint8Array.from([
    ...field(0x0a, publicKeyToProtobuf(key.publicKey)),
    ...list.flatMap((address) => field(0x12, address.bytes)),
  ])
}

function addresses(count: number): Multiaddr[] {
  return Array.from({ length: count }, (_, i) => multiaddr(`/ip4/198.51.100.7/tcp/${1000 + i}`))
}

function knows(node: TestNode, key: PrivateKey): boolean {
  const peer = peerIdFromPrivateKey(key).toString()
  return node.mesh.peers().some(({ peerId, link }) => peerId === peer && link === 'none')
}

test('an announcement is written and read, with at most eight addresses in 2 KiB, those of this machine last', async () => {
  const key = await generateKeyPair('Ed25519')
  const local = multiaddr('/ip4/127.0.0.1/tcp/1/ws')
  const written = writeAnnouncement(publicKeyToProtobuf(key.publicKey), [local, ...addresses(20)])
  expect(written.length).toBeLessThanOrEqual(2048)
  const read = readAnnouncement(written)
  expect(read.id.toString()).toBe(peerIdFromPrivateKey(key).toString())
  expect(read.addresses.map(String)).toEqual(addresses(8).map(String))
  expect(readAnnouncement(announcement(key, [local])).addresses.map(String)).toEqual([local.toString()])
  expect(() => readAnnouncement(announcement(key, addresses(9)))).toThrow('too many')
  expect(() => readAnnouncement(new Uint8Array(3000))).toThrow('too large')
  for (const bad of [[], [0x0a], [0x0a, 5, 1], [0x0a, 0xff, 0xff, 1], [0x1a, 0], [0x12, 0]]) {
    expect(() => readAnnouncement(Uint8Array.from(bad))).toThrow(/announcement/)
  }
})

test('peers speak for themselves only: what one says of another reaches nobody', async () => {
  const [hub, tab] = await Promise.all([relay(), glia()])
  tab.mesh.useRelays([whereIs(hub)])
  const { key, say } = await stranger(hub)
  const other = await generateKeyPair('Ed25519')
  await say(announcement(other, addresses(1)))
  await say(announcement(key, addresses(1)))
  // The second message came after the first, over the same stream.
  await expect.poll(() => knows(tab, key), { timeout: 15_000 }).toBe(true)
  expect([knows(tab, other), knows(hub, other)]).toEqual([false, false])
})

test('large announcements cost their sender its hearing, and others nothing', async () => {
  let dropped = 0
  const hub = await relay({ droppedAnnouncement: () => (dropped += 1) })
  const [loud, quiet, tab] = await Promise.all([stranger(hub), stranger(hub), glia()])
  tab.mesh.useRelays([whereIs(hub)])
  const many = addresses(8000)
  for (let i = 0; i < 20; i++) await loud.say(announcement(loud.key, many.slice(0, 100 + i)))
  await expect.poll(() => dropped).toBe(20)
  // From now on none of its messages counts, however good.
  await loud.say(announcement(loud.key, addresses(1)))
  const heard = async (): Promise<boolean> => {
    // The tab may have come to the hub only now.
    await quiet.say(announcement(quiet.key, addresses(1)))
    return knows(tab, quiet.key)
  }
  await expect.poll(heard, { timeout: 15_000, interval: 500 }).toBe(true)
  expect(knows(tab, loud.key)).toBe(false)
})

test('two peers of a relay hear of each other through it', async () => {
  const [hub, near, far] = await Promise.all([relay(), glia(), glia()])
  for (const { mesh } of [near, far]) mesh.useRelays([whereIs(hub)])
  const other = ({ mesh }: TestNode, { peerId }: TestNode): boolean =>
    mesh.peers().some((peer) => peer.peerId === peerId)
  await expect.poll(() => other(near, far) && other(far, near), { timeout: 15_000 }).toBe(true)
})

/** A peer that only announces itself, and what it has heard. */
async function announcer(listen: readonly string[] = []) {
  const libp2p = await plainClient({
    addresses: { listen: [...listen] },
    transports: [tcp()],
    services: { identify: identify(), pubsub: gossipsub({ floodPublish: true }) },
  })
  const pubsub = libp2p.services['pubsub'] as ReturnType<ReturnType<typeof gossipsub>>
  const known = new KnownPeers()
  const heard: [peer: string, isNew: boolean][] = []
  const forgot = vi.fn<() => void>()
  const own = addresses(2)
  const discovery = new Discovery({
    self: libp2p.peerId,
    log: SILENT,
    pubsub,
    addresses: () => own,
    known,
    sourceOf: (neighbour) => ({ name: neighbour.toString(), isOwnRelay: false }),
    heard: (peer, isNew) => heard.push([peer, isNew]),
    size: () => known.size,
    listens: () => true,
    isOnRoster: () => false,
    forgot,
  })
  stopping.push(discovery)
  discovery.start()
  return { libp2p, pubsub, known, heard, forgot, own, discovery, id: libp2p.peerId.toString() }
}

/** Two neighbours. Each knows that the other listens to announcements. */
async function neighbours() {
  const [one, other] = await Promise.all([announcer(), announcer(['/ip4/127.0.0.1/tcp/0'])])
  const [address] = other.libp2p.getMultiaddrs()
  if (!address) throw new Error('the other one listens nowhere')
  await one.libp2p.dial(address)
  await expect
    .poll(() => [one, other].map(({ pubsub }) => pubsub.getSubscribers(DISCOVERY_TOPIC).length))
    .toEqual([1, 1])
  return [one, other] as const
}

test('a peer announces itself, and hears of its neighbour, each time it announces itself', async () => {
  const [one, other] = await neighbours()
  other.discovery.soon()
  await expect.poll(() => one.heard[0]).toEqual([other.id, true])
  expect(one.known.get(other.id)?.addresses.map(String)).toEqual(other.own.map(String))
  await expect.poll(() => other.heard[0]).toEqual([one.id, true])
  await expect.poll(() => one.heard[1]).toEqual([other.id, false])
  expect(one.heard.every(([peer]) => peer === other.id)).toBe(true)
})

test('a newcomer is answered at once where few are known, and with the next announcement where many are', async () => {
  const [one, other] = await neighbours()
  const soon = vi.spyOn(one.discovery, 'soon')
  other.discovery.soon()
  await expect.poll(() => one.heard.length).toBe(1)
  expect(soon).toHaveBeenCalledTimes(1)
  const [two, third] = await neighbours()
  const later = vi.spyOn(two.discovery, 'soon')
  vi.spyOn(two.known, 'size', 'get').mockReturnValue(5)
  third.discovery.soon()
  await expect.poll(() => two.heard.length).toBe(1)
  expect(later).not.toHaveBeenCalled()
})

test('new addresses are announced soon', async () => {
  const [one, other] = await neighbours()
  other.discovery.soon()
  await expect.poll(() => one.heard.length).toBe(1)
  other.own.splice(0, 2, multiaddr('/ip4/198.51.100.8/tcp/1'))
  other.discovery.soon()
  await expect.poll(() => one.known.get(other.id)?.addresses.map(String)).toEqual(['/ip4/198.51.100.8/tcp/1'])
})

test('messages of another topic are no announcements', async () => {
  const [one, other] = await neighbours()
  for (const { pubsub } of [one, other]) pubsub.subscribe('another')
  await expect.poll(() => other.pubsub.getSubscribers('another').length).toBe(1)
  const arrived = new Promise<void>((resolve) => {
    one.pubsub.addEventListener('gossipsub:message', ({ detail }) => {
      if (detail.msg.topic === 'another') resolve()
    })
  })
  const key = await generateKeyPair('Ed25519')
  await other.pubsub.publish('another', announcement(key, addresses(1)))
  await arrived
  expect(one.known.get(peerIdFromPrivateKey(key).toString())).toBeUndefined()
})

test('a peer of which nothing was heard for a minute is forgotten, and one that is a little late is not', async () => {
  const { known, forgot, discovery } = await announcer()
  const ids = await Promise.all([0, 1].map(async () => peerIdFromPrivateKey(await generateKeyPair('Ed25519'))))
  const [gone, late] = ids
  if (!gone || !late) throw new Error('there are too few')
  const source = { name: 'a neighbour', isOwnRelay: false }
  known.heard(gone, [], source, Date.now() - 61_000)
  known.heard(late, [], source, Date.now() - 50_000)
  discovery.soon()
  await expect.poll(() => forgot.mock.calls.length).toBe(1)
  expect(known.all.map(({ id }) => id)).toEqual([late])
})

test('what is stopped announces and hears nothing more, and may be stopped again', async () => {
  const [one] = await neighbours()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const publish = vi.spyOn(one.pubsub, 'publish')
  one.discovery.soon()
  await vi.advanceTimersByTimeAsync(3000)
  const before = publish.mock.calls.length
  expect(before).toBeGreaterThan(0)
  for (const end of ['stop', 'stop', 'soon'] as const) one.discovery[end]()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(publish).toHaveBeenCalledTimes(before)
  expect([one.pubsub.getTopics(), one.pubsub.listenerCount('gossipsub:message')]).toEqual([[], 0])
})

test('the interval grows with the mesh, up to a minute', async () => {
  const [one] = await neighbours()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  const publish = vi.spyOn(one.pubsub, 'publish')
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
  const pausesFor = async (peers: number, ms: number): Promise<number> => {
    vi.spyOn(one.known, 'size', 'get').mockReturnValue(peers)
    one.discovery.soon()
    await vi.advanceTimersByTimeAsync(2000)
    publish.mockClear()
    await vi.advanceTimersByTimeAsync(ms)
    return publish.mock.calls.length
  }
  expect(await pausesFor(0, 10_000)).toBe(5)
  expect(await pausesFor(40, 20_000)).toBe(2)
  expect(await pausesFor(1000, 57_000)).toBe(0)
  await vi.advanceTimersByTimeAsync(5000)
  expect(publish).toHaveBeenCalledTimes(1)
})
