import { randomBytes } from 'node:crypto'
import { generateKeyPair, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { gossipsub } from '@libp2p/gossipsub'
import { RPC } from '@libp2p/gossipsub/message'
import { identify } from '@libp2p/identify'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { writeAnnouncement } from './announcement.ts'
import { DISCOVERY_TOPIC } from '../limits.ts'
import { glia, join, plainClient, relay, type TestNode, whereIs } from '../test-nodes.ts'

const FLOODERS = 4
const IDS_EACH = 1250
const HONEST = 10

/** An announcement of a new peer, as others pass it on: gossipsub checks its signature. */
async function madeUp(): Promise<RPC.Message> {
  const key = await generateKeyPair('Ed25519')
  const message: RPC.Message = {
    from: peerIdFromPrivateKey(key).toMultihash().bytes,
    data: writeAnnouncement(publicKeyToProtobuf(key.publicKey), [multiaddr('/ip4/198.51.100.7/tcp/4001')]),
    seqno: randomBytes(8),
    topic: DISCOVERY_TOPIC,
  }
  const signed = Buffer.concat([Buffer.from('libp2p-pubsub:'), RPC.Message.encode(message)])
  return { ...message, signature: await key.sign(signed), key: publicKeyToProtobuf(key.publicKey) }
}

/** A peer at an address of its own that passes on announcements which it made up. */
async function flooder(hub: TestNode, localAddress: string): Promise<{ flood(): Promise<void> }> {
  const peer = await plainClient({
    transports: [tcp({ dialOpts: { noDelay: true, localAddress } as object })],
    services: { identify: identify(), pubsub: gossipsub() },
  })
  const pubsub = peer.services['pubsub'] as ReturnType<ReturnType<typeof gossipsub>> & {
    sendRpc(to: string, rpc: RPC): boolean
  }
  pubsub.subscribe(DISCOVERY_TOPIC)
  await peer.dial(multiaddr(whereIs(hub)))
  await expect.poll(() => pubsub.getSubscribers(DISCOVERY_TOPIC).length, { timeout: 10_000 }).toBeGreaterThan(0)
  const messages = await Promise.all(Array.from({ length: IDS_EACH }, madeUp))
  return {
    flood: async () => {
      for (let i = 0; i < messages.length; i += 50) {
        pubsub.sendRpc(hub.peerId, { subscriptions: [], messages: messages.slice(i, i + 50) })
        // oxlint-disable-next-line no-await-in-loop -- as fast as the stream takes them
        await new Promise(setImmediate)
      }
    },
  }
}

test('four strangers with 5,000 fresh ids hide no honest peer and keep none out', { timeout: 120_000 }, async () => {
  const hub = await relay({ networkOf: (address) => address.toString().split('/')[2] ?? '' })
  const observer = await glia()
  const early = await Promise.all(Array.from({ length: HONEST }, () => glia()))
  await join(hub, observer, ...early)
  const seen = (by: TestNode, peers: readonly TestNode[]): number => {
    const known = new Set(by.mesh.peers().map(({ peerId }) => peerId))
    return peers.filter(({ peerId }) => known.has(peerId)).length
  }
  await expect.poll(() => seen(observer, early), { timeout: 30_000 }).toBe(HONEST)
  const flooders = await Promise.all(Array.from({ length: FLOODERS }, (_, i) => flooder(hub, `127.0.0.${i + 2}`)))
  for (const { flood } of flooders) void flood()
  const late = await Promise.all(Array.from({ length: HONEST }, () => glia()))
  await join(hub, ...late)
  for (const { flood } of flooders) void flood()
  await expect.poll(() => seen(observer, late), { timeout: 30_000 }).toBe(HONEST)
  expect([seen(hub, early), seen(hub, late), seen(observer, early)]).toEqual([HONEST, HONEST, HONEST])
  const madeUpIds = observer.mesh.peers().length - 2 * HONEST - 1
  // The made-up peers are known, but no more than their share.
  expect(madeUpIds).toBeGreaterThan(0)
  expect(madeUpIds).toBeLessThan(500)
})
