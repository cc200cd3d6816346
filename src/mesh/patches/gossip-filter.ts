import type { RPC } from '@libp2p/gossipsub/message'
import type { PeerId } from '@libp2p/interface'

/** What is used of gossipsub: it gives each message of a neighbour to this method, before it looks at it. */
export interface Gossip {
  handleReceivedRpc(from: PeerId, rpc: RPC): Promise<void>
}

/**
 * Drops messages of neighbours before gossipsub works on them. Its own validators come after it has checked the signature, which costs more
 * than it costs to make a message up.
 *
 * Seen in @libp2p/gossipsub 17.1.1. Upstream: not reported, see README.md.
 */
export function filterGossip(pubsub: Gossip, admits: (from: PeerId, message: RPC.Message) => boolean): void {
  const receive = pubsub.handleReceivedRpc.bind(pubsub)
  pubsub.handleReceivedRpc = (from, rpc) => {
    rpc.messages = rpc.messages.filter((message) => admits(from, message))
    return receive(from, rpc)
  }
}
