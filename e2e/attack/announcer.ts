import { setTimeout as pause } from 'node:timers/promises'
import { publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { type GossipSub, gossipsub } from '@libp2p/gossipsub'
import { multiaddr } from '@multiformats/multiaddr'
import { DISCOVERY_TOPIC } from '../../src/mesh/limits.ts'
import type { Stage } from './stage.ts'
import { Stranger } from './stranger.ts'

/** An announcement as @libp2p/pubsub-peer-discovery writes it: field 1 a public key, field 2 an address each. */
export function announcement(publicKey: Uint8Array, addresses: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([field(1, publicKey), ...addresses.map((address) => field(2, address))])
}

function field(number: number, bytes: Uint8Array): Buffer {
  const length: number[] = []
  for (let rest = bytes.length; ; rest >>>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest)
    if (rest < 128) break
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes])
}

export interface Announcer {
  readonly peerId: string
  /** Its public key, as an announcement has it. */
  readonly publicKey: Uint8Array
  publish(bytes: Uint8Array): Promise<void>
  leave(): Promise<void>
}

/** A stranger that is in the gossip of the mesh. */
export async function joinGossip(stage: Stage): Promise<Announcer> {
  const stranger = await Stranger.create(stage.relay.tcp, { pubsub: gossipsub({ allowPublishToZeroTopicPeers: true }) })
  stage.defer(() => stranger.stop())
  const pubsub = stranger.libp2p.services['pubsub'] as GossipSub
  pubsub.subscribe(DISCOVERY_TOPIC)
  await stranger.libp2p.dial(multiaddr(stage.relay.tcp))
  while (pubsub.getSubscribers(DISCOVERY_TOPIC).length === 0) {
    // oxlint-disable-next-line no-await-in-loop -- until the relay has told its subscriptions
    await pause(100)
  }
  const { peerId } = stranger.libp2p
  if (!peerId.publicKey) throw new Error('A peer id without its key.')
  return {
    peerId: peerId.toString(),
    publicKey: publicKeyToProtobuf(peerId.publicKey),
    leave: () => stranger.stop(),
    publish: async (bytes) => {
      // Too large, or nobody takes any more from this peer: a refusal is an answer too.
      await pubsub.publish(DISCOVERY_TOPIC, bytes).catch(() => undefined)
    },
  }
}
