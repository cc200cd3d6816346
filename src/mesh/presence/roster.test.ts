import { generateKeyPair, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { type GossipSub, gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import type { Libp2p, Stream } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test, vi } from 'vitest'
import { SILENT } from '../../glia/log.ts'
import { DISCOVERY_TOPIC, ROSTER_FAR, ROSTER_NEAR, ROSTER_PROTOCOL } from '../limits.ts'
import { glia, join, plainClient, relay, type TestNode, whereIs } from '../test-nodes.ts'
import { readAnnouncement, writeAnnouncement } from './announcement.ts'
import { Discovery } from './discovery.ts'
import { FieldSplitter } from './fields.ts'
import { KnownPeers } from './known-peers.ts'
import type { LazyGossip } from './lazy-gossip.ts'
import { found, gone, HERE, here, readPeer, total, unknown, WANTED, wanted } from './roster-wire.ts'
import { ADDRESS, liar, madeUp, readerAt, rosterServer } from './test-rosters.ts'

function knows(node: TestNode, { peerId }: { peerId: { toString(): string } }): boolean {
  return node.mesh.peers().some((peer) => peer.peerId === peerId.toString())
}

function topicsOf({ mesh }: TestNode): string[] {
  return (mesh.libp2p.services['gossip'] as LazyGossip).pubsub?.getTopics() ?? []
}

/** Opens the roster of a relay. */
async function rosterOf(client: Libp2p, hub: TestNode): Promise<Stream> {
  const connection = await client.dial(multiaddr(whereIs(hub)))
  return connection.newStream(ROSTER_PROTOCOL)
}

function announcementOf({ peerId }: Libp2p): Uint8Array {
  if (!peerId.publicKey) throw new Error('the id has no key')
  return writeAnnouncement(publicKeyToProtobuf(peerId.publicKey), [ADDRESS])
}

/** A peer of an older version: it gossips, and has no roster. */
async function older(hub: TestNode): Promise<{ libp2p: Libp2p; known: KnownPeers; discovery: Discovery }> {
  const libp2p = await plainClient({
    transports: [tcp()],
    services: { identify: identify(), pubsub: gossipsub() },
  })
  const known = new KnownPeers()
  const discovery = new Discovery({
    self: libp2p.peerId,
    log: SILENT,
    pubsub: libp2p.services['pubsub'] as GossipSub,
    addresses: () => [ADDRESS],
    known,
    sourceOf: (neighbour) => ({ name: neighbour.toString(), isOwnRelay: true }),
    heard: () => undefined,
    forgot: () => undefined,
    size: () => known.size,
    listens: () => true,
    isOnRoster: () => false,
  })
  discovery.start()
  await libp2p.dial(multiaddr(whereIs(hub)))
  return { libp2p, known, discovery }
}

test('peers of one relay know each other, and no announcement of one goes to the others by gossip', async () => {
  const [hub, ...tabs] = await Promise.all([relay(), glia(), glia(), glia()])
  await join(hub, ...tabs)
  const pairs = tabs.flatMap((tab) => tabs.filter((other) => other !== tab).map((other) => [tab, other] as const))
  await expect.poll(() => pairs.every(([tab, other]) => knows(tab, other))).toBe(true)
  expect(tabs.map(topicsOf)).toEqual([[], [], []])
  expect(tabs.map(({ mesh }) => mesh.size)).toEqual([3, 3, 3])
})

test('a peer that leaves the relay is gone from the lists of the others', async () => {
  const [hub, stays, leaves] = await Promise.all([relay(), glia(), glia()])
  await join(hub, stays, leaves)
  await expect.poll(() => knows(stays, leaves)).toBe(true)
  await leaves.mesh.stop()
  await expect.poll(() => knows(stays, leaves)).toBe(false)
})

test('peers of joined relays know each other', async () => {
  const [near, far, tab, other] = await Promise.all([relay(), relay(), glia(), glia()])
  far.mesh.useRelays([whereIs(near)])
  await Promise.all([join(near, tab), join(far, other)])
  await expect.poll(() => knows(tab, other) && knows(other, tab), { timeout: 20_000 }).toBe(true)
})

test('an older peer, which only gossips, and a new one know each other through a relay', async () => {
  const [hub, tab] = await Promise.all([relay(), glia()])
  await join(hub, tab)
  const { libp2p, known, discovery } = await older(hub)
  try {
    await expect.poll(() => knows(tab, libp2p), { timeout: 15_000 }).toBe(true)
    // The tab announces itself by gossip less often than once in 20 s. A change of its addresses makes it do so soon.
    await tab.mesh.libp2p.peerStore.patch(tab.mesh.libp2p.peerId, { multiaddrs: [ADDRESS] })
    await expect.poll(() => known.get(tab.peerId) !== undefined, { timeout: 30_000 }).toBe(true)
    await libp2p.stop()
    await expect.poll(() => knows(tab, libp2p)).toBe(false)
  } finally {
    discovery.stop()
  }
})

test('at a relay without a roster, peers hear of each other by gossip', async () => {
  const [hub, ...tabs] = await Promise.all([relay({ hub: false, roster: undefined }), glia(), glia()])
  await join(hub, ...tabs)
  const [one, other] = tabs
  if (!one || !other) throw new Error('there are too few')
  await expect.poll(() => knows(one, other) && knows(other, one), { timeout: 20_000 }).toBe(true)
  expect(topicsOf(one)).toEqual([DISCOVERY_TOPIC])
})

test('peers without a relay hear of each other by gossip', async () => {
  const listen = ['/ip4/127.0.0.1/tcp/0']
  const [middle, one, other] = await Promise.all([glia([], { listen }), glia(), glia()])
  await Promise.all([one, other].map(({ mesh }) => mesh.connect(whereIs(middle))))
  await expect.poll(() => knows(one, other) && knows(other, one), { timeout: 20_000 }).toBe(true)
})

test('a peer announces itself only: an announcement of another ends its stream, and tells nobody', async () => {
  const [hub, tab, stranger, honest] = await Promise.all([relay(), glia(), plainClient(), plainClient()])
  await join(hub, tab)
  const key = await generateKeyPair('Ed25519')
  const stream = await rosterOf(stranger, hub)
  const ended = new Promise((resolve) => stream.addEventListener('close', resolve, { once: true }))
  stream.send(Uint8Array.from(here(writeAnnouncement(publicKeyToProtobuf(key.publicKey), [ADDRESS]))))
  await ended
  ;(await rosterOf(honest, hub)).send(Uint8Array.from(here(announcementOf(honest))))
  await expect.poll(() => knows(tab, honest)).toBe(true)
  expect(knows(tab, { peerId: peerIdFromPrivateKey(key) })).toBe(false)
})

test('a peer that announces itself again and again loses its stream, and the others stay', async () => {
  const [hub, tab, loud, quiet] = await Promise.all([relay(), glia(), plainClient(), plainClient()])
  await join(hub, tab)
  ;(await rosterOf(quiet, hub)).send(Uint8Array.from(here(announcementOf(quiet))))
  const stream = await rosterOf(loud, hub)
  const ended = new Promise((resolve) => stream.addEventListener('close', resolve, { once: true }))
  for (let i = 0; i < 100; i++) stream.send(Uint8Array.from(here(announcementOf(loud))))
  await ended
  await expect.poll(() => [knows(tab, quiet), knows(tab, loud)]).toEqual([true, false])
})

test('a second stream of a peer replaces the first, and the peer does not count as gone', async () => {
  const { roster, door } = await rosterServer()
  const client = await plainClient()
  const connection = await client.dial(door)
  const first = await connection.newStream(ROSTER_PROTOCOL)
  first.send(Uint8Array.from(here(announcementOf(client))))
  await expect.poll(() => roster.size).toBe(1)
  const ended = new Promise((resolve) => first.addEventListener('close', resolve, { once: true }))
  const second = await connection.newStream(ROSTER_PROTOCOL)
  await ended
  expect([roster.size, roster.has(client.peerId.toString())]).toEqual([1, true])
  second.abort(new Error('the peer leaves'))
  await expect.poll(() => roster.size).toBe(0)
})

test('a peer of another relay that comes to this one counts once, and no more when it leaves', async () => {
  const { heard, roster, door } = await rosterServer()
  const client = await plainClient()
  heard.heard(client.peerId, [ADDRESS], { name: 'another relay', isOwnRelay: false })
  const stream = await (await client.dial(door)).newStream(ROSTER_PROTOCOL)
  stream.send(Uint8Array.from(here(announcementOf(client))))
  await expect.poll(() => roster.has(client.peerId.toString())).toBe(true)
  expect(roster.size).toBe(1)
  await client.stop()
  await expect.poll(() => roster.size).toBe(0)
})

test('an announcement that says nothing new is told to nobody', async () => {
  const { door } = await rosterServer()
  const [reader, same, newer] = await Promise.all([plainClient(), plainClient(), plainClient()])
  const told: string[] = []
  const splitter = new FieldSplitter()
  const listening = await (await reader.dial(door)).newStream(ROSTER_PROTOCOL)
  listening.addEventListener('message', ({ data }) => {
    for (const { tag, bytes } of splitter.push(data.subarray()))
      if (tag === HERE) told.push(readAnnouncement(bytes).id.toString())
  })
  const announce = async (client: Libp2p): Promise<Stream> => {
    const stream = await (await client.dial(door)).newStream(ROSTER_PROTOCOL)
    stream.send(Uint8Array.from(here(announcementOf(client))))
    await expect.poll(() => told).toContain(client.peerId.toString())
    return stream
  }
  const stream = await announce(same)
  for (let i = 0; i < 3; i++) stream.send(Uint8Array.from(here(announcementOf(same))))
  // The roster tells in the order in which it hears.
  await announce(newer)
  expect(told).toEqual([same.peerId.toString(), newer.peerId.toString()])
})

test('a peer that opens its stream again and again is told no more', async () => {
  const { door } = await rosterServer()
  const client = await plainClient()
  const connection = await client.dial(door)
  let last: Stream | undefined
  for (let i = 0; i < 40; i++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    last = await connection.newStream(ROSTER_PROTOCOL)
  }
  await expect.poll(() => last?.status).not.toBe('open')
})

test('a peer that looks for others and does not read is not answered without end', async () => {
  const { door, accepted } = await rosterServer()
  const client = await plainClient()
  const stream = await (await client.dial(door)).newStream(ROSTER_PROTOCOL)
  stream.pause()
  // 40 questions in 2 kB.
  const question = Uint8Array.from(Array.from({ length: 40 }, () => wanted(client.peerId.toString())).flat())
  for (let i = 0; i < 2000; i++) {
    // oxlint-disable-next-line no-await-in-loop -- the relay reads one after the other
    if (!stream.send(question)) await stream.onDrain()
  }
  await expect.poll(() => accepted[0]?.writableNeedsDrain).toBe(true)
  expect(accepted[0]?.writeBufferLength).toBeLessThan(64 * 1024)
})

test('of many peers a relay tells a part and their number, and replaces those that leave', async () => {
  const { heard, door } = await rosterServer()
  for (let i = 0; i < 10; i++) {
    // oxlint-disable-next-line no-await-in-loop -- a key each
    const { id, addresses } = readAnnouncement(await madeUp())
    heard.heard(id, addresses, { name: 'another relay', isOwnRelay: false })
  }
  const clients = await Promise.all(Array.from({ length: 12 }, () => plainClient()))
  for (const client of clients) {
    // oxlint-disable-next-line no-await-in-loop -- not all handshakes at once
    const stream = await (await client.dial(door)).newStream(ROSTER_PROTOCOL)
    stream.send(Uint8Array.from(here(announcementOf(client))))
  }
  const { known, reader } = await readerAt(door.toString())
  const told = (): Libp2p[] => clients.filter(({ peerId }) => known.get(peerId.toString()))
  await expect.poll(() => [told().length, known.size, reader.total]).toEqual([5, 8, 22])
  // Where any other peer is, the relay says when it is asked.
  const others = [...heard.all.map(({ id }) => id), ...clients.map(({ peerId }) => peerId)]
  const untold = others.filter((id) => !known.get(id.toString()))
  expect(untold).toHaveLength(14)
  const answers = await Promise.all(untold.map((id) => reader.find(id.toString())))
  expect(answers.map(String)).toEqual(untold.map(() => ADDRESS.toString()))
  expect(await reader.find((await nobody()).peer)).toEqual([])
  for (const id of untold) known.forget(id.toString())
  const leaving = told().slice(0, 4)
  await Promise.all(leaving.map(async (client) => client.stop()))
  await expect.poll(() => leaving.filter((client) => told().includes(client)).length).toBe(0)
  await expect.poll(() => [told().length, known.size]).toEqual([5, 8])
  const far = heard.all.find(({ id }) => known.get(id.toString()))
  if (far) heard.forget(far.id.toString())
  await expect.poll(() => [reader.total, known.size]).toEqual([17, 8])
})

test('a relay that tells of too many peers is not listened to', async () => {
  const many = await Promise.all(Array.from({ length: ROSTER_NEAR + ROSTER_FAR + 20 }, madeUp))
  const { known, ended } = await liar((stream) => {
    for (const each of many) stream.send(Uint8Array.from(here(each)))
  })
  await ended
  expect(known.size).toBeLessThanOrEqual(ROSTER_NEAR + ROSTER_FAR + 1)
})

test.each([
  ['rubbish', Uint8Array.of(0x0a, 3, 1, 2, 3)],
  ['a field without an end', Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff)],
  ['a number that is none', Uint8Array.of(0x1a, 1, 7)],
])('%s from a relay ends its stream', async (_, bytes) => {
  const { known, ended } = await liar((stream) => void stream.send(bytes))
  await ended
  expect(known.size).toBe(0)
})

test('what a relay tells is known until it tells that the peer left, in whatever pieces it comes', async () => {
  const announcement = await madeUp()
  const { id } = readAnnouncement(announcement)
  let tell: ((bytes: readonly number[]) => void) | undefined
  const { known, reader, leave } = await liar((stream) => {
    tell = (bytes) => {
      for (const byte of bytes) stream.send(Uint8Array.of(byte))
    }
    // A tag that nobody knows is skipped.
    tell([0x7a, 2, 1, 1, ...total(7), ...here(announcement)])
  })
  await expect.poll(() => known.get(id.toString())?.addresses.map(String)).toEqual([ADDRESS.toString()])
  expect(reader.total).toBe(7)
  tell?.(gone(id.toString()))
  await expect.poll(() => known.size).toBe(0)
  leave()
  expect(reader.total).toBe(0)
})

test('fields are cut out of a stream, and a field that is too long is refused', () => {
  const splitter = new FieldSplitter()
  const long = new Uint8Array(2000).fill(7)
  const bytes = Uint8Array.from([...here(long), ...gone('x')])
  const fields = [...bytes].flatMap((byte) => splitter.push(Uint8Array.of(byte)))
  expect(fields.map(({ tag, bytes: { length } }) => [tag, length])).toEqual([
    [0x0a, 2000],
    [0x12, 1],
  ])
  expect(() => splitter.push(Uint8Array.of(0x0a, 0xff, 0x7f))).toThrow('too long')
})

/** Calls back with each question on a stream. */
function onWanted(stream: Stream, asked: (peer: string) => void): void {
  const splitter = new FieldSplitter()
  stream.addEventListener('message', ({ data }) => {
    for (const { tag, bytes } of splitter.push(data.subarray())) if (tag === WANTED) asked(readPeer(bytes))
  })
}

/** A peer that does not exist, and its announcement. */
async function nobody(): Promise<{ peer: string; announcement: Uint8Array }> {
  const announcement = await madeUp()
  return { peer: readAnnouncement(announcement).id.toString(), announcement }
}

test('a relay that says twice that it does not know a peer does not answer for another relay', async () => {
  const [sought, sign] = await Promise.all([nobody(), nobody()])
  const first = await liar((stream) => {
    stream.send(Uint8Array.from(total(1)))
    const twice = [...unknown(sought.peer), ...unknown(sought.peer)]
    onWanted(stream, () => stream.send(Uint8Array.from([...twice, ...here(sign.announcement)])))
  })
  const { known, reader } = first
  await expect.poll(() => reader.total).toBe(1)
  const asked = Promise.withResolvers<Stream>()
  await liar((stream) => {
    stream.send(Uint8Array.from(total(2)))
    onWanted(stream, () => asked.resolve(stream))
  }, first)
  await expect.poll(() => reader.total).toBe(2)
  const addresses = reader.find(sought.peer)
  const second = await asked.promise
  await expect.poll(() => known.get(sign.peer) !== undefined).toBe(true)
  // The first relay has answered twice by now.
  second.send(Uint8Array.from(found(sought.announcement)))
  expect((await addresses).map(String)).toEqual([ADDRESS.toString()])
})

test('nobody waits for the answer of a relay whose stream has ended', async () => {
  const { peer } = await nobody()
  const { reader } = await liar((stream) => {
    stream.send(Uint8Array.from(total(1)))
    onWanted(stream, () => stream.abort(new Error('the relay stops')))
  })
  await expect.poll(() => reader.total).toBe(1)
  // The time for an answer never passes.
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  try {
    expect(await reader.find(peer)).toEqual([])
  } finally {
    vi.useRealTimers()
  }
})
