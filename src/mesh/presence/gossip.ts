import { type GossipSub, gossipsub, type GossipSubComponents } from '@libp2p/gossipsub'
import { createTopicScoreParams } from '@libp2p/gossipsub/score'
import type { GossipGuard } from './gossip-guard.ts'
import { DISCOVERY_TOPIC, MAX_GOSSIP_BYTES, MAX_GOSSIP_ITEMS } from '../limits.ts'

export interface GossipInit {
  guard: GossipGuard
  /** Whether many peers are connected to this one only. Then it passes gossip on to all of them. */
  hub: boolean
}

/** gossipsub, for announcements only. */
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

/** The score of a neighbour falls only for messages with a bad signature. Silence is no offence. */
const ONLY_INVALID = createTopicScoreParams({
  topicWeight: 1,
  timeInMeshWeight: 0,
  firstMessageDeliveriesWeight: 0,
  meshMessageDeliveriesWeight: 0,
  meshFailurePenaltyWeight: 0,
  invalidMessageDeliveriesWeight: -10,
  invalidMessageDeliveriesDecay: 0.9,
})
