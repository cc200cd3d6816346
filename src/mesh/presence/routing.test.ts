import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { type Identity, newIdentity } from '../libp2p/identity.ts'
import { peerIdOf } from '../dial/addresses.ts'
import type { Dht } from './dht.ts'
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

test.each([
  ['nearer to its id than', (here: TestNode, there: TestNode) => identityNear(there, here)],
  ['farther from its id than', (here: TestNode, there: TestNode) => identityNear(here, there)],
])('the DHT finds a peer whose relay is %s that of the seeker', async (_, identityFor) => {
  const here = await relay()
  const there = await relay()
  there.mesh.useRelays([whereIs(here)])
  const peer = await glia([], {}, await identityFor(here, there))
  const seeker = await glia()
  await join(there, peer)
  await join(here, seeker)
  // The relays know of each other, and the peer has told its relay where it is.
  const { routingTable } = here.mesh.libp2p.services['dht'] as Dht
  await expect.poll(() => routingTable.size).toBe(1)
  const { peerStore } = there.mesh.libp2p
  await expect.poll(async () => (await peerStore.get(peerIdOf(peer.peerId))).addresses.length).toBeGreaterThan(0)
  const addresses = await seeker.mesh.routing.findPeer(peer.peerId)
  expect(addresses).toContainEqual(expect.stringContaining(`${there.peerId}/p2p-circuit`))
})
