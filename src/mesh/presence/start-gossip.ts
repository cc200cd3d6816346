import type { GossipSub, GossipSubComponents } from '@libp2p/gossipsub'
import { start, stop } from '@libp2p/interface'
import type { Gossip } from '../patches/gossip-filter.ts'
import { Discovery, type DiscoveryInit } from './discovery.ts'
import { gossip } from './gossip.ts'
import { GossipGuard, type GossipGuardInit } from './gossip-guard.ts'

export interface StartGossipInit extends Omit<DiscoveryInit, 'pubsub'>, GossipGuardInit {
  /** Whether many peers are connected to this one only. Then it passes gossip on to all of them. */
  hub: boolean
}

/** Announcements by gossip, under way. */
export interface StartedGossip {
  readonly pubsub: GossipSub
  readonly discovery: Discovery
  stop(): Promise<void>
}

/** Starts gossipsub on a node that may have been running for some time, and begins to announce the peer. */
export async function startGossip(components: GossipSubComponents, init: StartGossipInit): Promise<StartedGossip> {
  const guard = new GossipGuard()
  const pubsub = gossip({ guard, hub: init.hub })(components)
  guard.attach(pubsub as unknown as Gossip, init)
  await start(pubsub)
  await meetConnected(pubsub, components)
  const discovery = new Discovery({ ...init, pubsub })
  discovery.start()
  return {
    pubsub,
    discovery,
    stop: async () => {
      discovery.stop()
      await stop(pubsub)
    },
  }
}

/** libp2p tells gossipsub of the peers that it identifies from now on. Some are connected already. */
async function meetConnected({ protocols }: GossipSub, components: GossipSubComponents): Promise<void> {
  const { connectionManager, peerStore, registrar } = components
  const met = connectionManager.getConnections().map(async (connection) => {
    const { remotePeer, limits } = connection
    // Without identify nothing is known of the peer yet.
    const spoken = await peerStore.get(remotePeer).then(
      (peer) => protocols.find((protocol) => peer.protocols.includes(protocol)),
      () => undefined,
    )
    if (spoken === undefined || limits) return
    // oxlint-disable-next-line no-await-in-loop -- there is one
    for (const topology of registrar.getTopologies(spoken)) await topology.onConnect?.(remotePeer, connection)
  })
  await Promise.all(met)
}
