import { createHash } from 'node:crypto'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { type Identity, newIdentity } from '../libp2p/identity.ts'
import { peerIdOf } from '../dial/addresses.ts'
import { DHT_PROTOCOL } from '../limits.ts'
import type { Dht } from './dht.ts'
import { answersAbout } from './routing.ts'
import { glia, join, relay, type TestNode, whereIs } from '../test-nodes.ts'

/** The place of a peer in the DHT. */
function placeOf(peer: string): Buffer {
  return createHash('sha256').update(peerIdOf(peer).toMultihash().bytes).digest()
}

function distance(one: string, other: string): Buffer {
  const place = placeOf(other)
  return Buffer.from(placeOf(one).map((byte, i) => byte ^ (place[i] ?? 0)))
}

/** An identity to which one relay is nearer than another. */
async function identityNear(near: TestNode, far: TestNode): Promise<Identity> {
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- until one fits
    const identity = await newIdentity()
    const { peerId } = identity
    if (distance(near.peerId, peerId).compare(distance(far.peerId, peerId)) < 0) return identity
  }
}

/** A seeker that joined one relay, and a peer that joined another. The relays know of each other. */
async function apart(identityFor: (here: TestNode, there: TestNode) => Promise<Identity>) {
  const here = await relay()
  const there = await relay()
  there.mesh.useRelays([whereIs(here)])
  const peer = await glia([], {}, await identityFor(here, there))
  const seeker = await glia()
  await join(there, peer)
  await join(here, seeker)
  const { routingTable } = here.mesh.libp2p.services['dht'] as Dht
  await expect.poll(() => routingTable.size).toBe(1)
  // The peer has told its relay where it is.
  const { peerStore } = there.mesh.libp2p
  await expect.poll(async () => (await peerStore.get(peerIdOf(peer.peerId))).addresses.length).toBeGreaterThan(0)
  return { here, there, peer, seeker }
}

test.each([
  ['nearer to its id than', (here: TestNode, there: TestNode) => identityNear(there, here)],
  ['farther from its id than', (here: TestNode, there: TestNode) => identityNear(here, there)],
])('the DHT finds a peer whose relay is %s that of the seeker', async (_, identityFor) => {
  const { there, peer, seeker } = await apart(identityFor)
  const addresses = await seeker.mesh.routing.findPeer(peer.peerId)
  expect(addresses).toContainEqual(expect.stringContaining(`${there.peerId}/p2p-circuit`))
})

test.each([
  ['seeker', 'no address', false],
  ['seeker', 'the address of before', true],
  ['relay of the seeker', 'the address of before', true],
])('the DHT finds a peer of which the %s has kept %s', async (who, _, before) => {
  const { here, there, peer, seeker } = await apart(newIdentity)
  const { peerStore } = (who === 'seeker' ? seeker : here).mesh.libp2p
  const multiaddrs = before ? [multiaddr(`${whereIs(here)}/p2p-circuit`)] : []
  const id = peerIdOf(peer.peerId)
  await peerStore.merge(id, { multiaddrs })
  const found: string[] = []
  for await (const answer of answersAbout(seeker.mesh.libp2p, id, { signal: AbortSignal.timeout(10_000) }))
    found.push(...answer.map(String))
  expect(found).toContainEqual(expect.stringContaining(`${there.peerId}/p2p-circuit`))
})

test('the DHT finds a peer beside a server of the DHT that never answers', async () => {
  const { there, peer, seeker } = await apart(newIdentity)
  const mute = await relay()
  await mute.mesh.libp2p.unhandle(DHT_PROTOCOL)
  await mute.mesh.libp2p.handle(DHT_PROTOCOL, () => undefined)
  await join(mute, seeker)
  const addresses = await seeker.mesh.routing.findPeer(peer.peerId)
  expect(addresses).toContainEqual(expect.stringContaining(`${there.peerId}/p2p-circuit`))
})
