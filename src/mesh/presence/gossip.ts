import { type GossipSub, gossipsub, type GossipSubComponents } from '@libp2p/gossipsub'
import { createTopicScoreParams } from '@libp2p/gossipsub/score'
import type { GossipGuard } from './gossip-guard.ts'
import { DISCOVERY_TOPIC, MAX_GOSSIP_BYTES, MAX_GOSSIP_ITEMS } from '../limits.ts'

export interface GossipInit {
  guard: GossipGuard
  /** Many peers are connected to this one and to no other, so it passes gossip on to all of them. */
  hub: boolean
}

/** gossipsub for announcements, and for nothing else. */
export function gossip({ guard, hub }: GossipInit): (components: GossipSubComponents) => GossipSub {
  return gossipsub({
    scoreParams: {
      // Tabs of one machine have one address, and are no attack.
      IPColocationFactorWeight: 0,
      appSpecificScore: guard.score,
      topics: { [DISCOVERY_TOPIC]: ONLY_INVALID },
    },
    allowedTopics: [DISCOVERY_TOPIC],
    maxInboundDataLength: MAX_GOSSIP_BYTES,
    decodeRpcLimits: {
      maxSubscriptions: 16,
      maxMessages: MAX_GOSSIP_ITEMS,
      maxIhaveMessageIDs: MAX_GOSSIP_ITEMS,
      maxIwantMessageIDs: MAX_GOSSIP_ITEMS,
      maxIdontwantMessageIDs: MAX_GOSSIP_ITEMS,
      maxControlMessages: 16,
      maxPeerInfos: 16,
    },
    ...(hub && { D: 32, Dlo: 24, Dhi: 128, Dout: 0 }),
  })
}

/** A neighbour's score falls with messages that have a bad signature, and with nothing else: mere silence is no offence. */
const ONLY_INVALID = createTopicScoreParams({
  topicWeight: 1,
  timeInMeshWeight: 0,
  firstMessageDeliveriesWeight: 0,
  meshMessageDeliveriesWeight: 0,
  meshFailurePenaltyWeight: 0,
  invalidMessageDeliveriesWeight: -10,
  invalidMessageDeliveriesDecay: 0.9,
})
