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
import { afterEach, expect, test } from 'vitest'
import { readAnnouncement, writeAnnouncement } from './announcement.ts'
import { DISCOVERY_TOPIC } from '../limits.ts'
import { glia, relay, type TestNode, whereIs } from '../test-nodes.ts'

const strangers: Libp2p[] = []

afterEach(async () => {
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
