import type { PeerId, PeerInfo, RoutingOptions } from '@libp2p/interface'
import { type KadDHT, kadDHT, type KadDHTComponents, passthroughMapper } from '@libp2p/kad-dht'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import { DHT_PROTOCOL } from '../limits.ts'

/** What is used of the DHT besides its interface. */
export type Dht = KadDHT & {
  readonly routingTable: { readonly size: number; add(peer: PeerId, options?: RoutingOptions): Promise<void> }
}

/** Rounds of one lookup. In each but the first, the servers are asked that others told of in the round before. */
const MAX_ROUNDS = 4
/** Servers of one answer, and of a round, that are asked. An answer may name thousands that do not exist. */
const MAX_OF_ANSWER = 20
const MAX_OF_ROUND = 60
/** Time that these have to answer, in ms. On a slow line a dial takes more than a second. */
const ADD_MS = 4000
/** The same after one of them has answered: others that are switched off must not use up the whole lookup. */
const MORE_MS = 1000

/** The DHT of Glia's relays. Relays are its servers, other peers are clients. */
export function dht({ clientMode }: { clientMode: boolean }): (components: KadDHTComponents) => Dht {
  const make = kadDHT({
    protocol: DHT_PROTOCOL,
    clientMode,
    // Relays on private networks and on loopback are as good as others.
    peerInfoMapper: passthroughMapper,
    // The only relay of a mesh asks nobody, and need not wait for a server to ask.
    allowQueryWithZeroPeers: true,
  })
  return (components) => {
    const made = make(components) as Dht
    askEveryServer(made, components)
    return made
  }
}

/**
 * Has a lookup of a peer ask every server that it is told of, for as long as its answers are read. By itself it asks only
 * servers that are nearer to the peer's id than the server that told of them. But the relay of a peer knows where it is,
 * however far the relay's id is.
 *
 * Seen in @libp2p/kad-dht 16.4.5. go-libp2p-kad-dht asks the 20 nearest servers it is told of, nearer or not.
 */
function askEveryServer(made: Dht, components: KadDHTComponents): void {
  const findPeer = made.findPeer.bind(made)
  const add = async ({ id, multiaddrs }: PeerInfo, options: RoutingOptions): Promise<void> => {
    await components.peerStore.merge(id, { multiaddrs }, options)
    await made.routingTable.add(id, options)
  }
  made.findPeer = async function* askingAll(id, options = {}) {
    const asked = new Set([components.peerId.toString(), id.toString()])
    let isFound = false
    for (let round = 1; ; round++) {
      const told = new Map<string, PeerInfo>()
      let failure: unknown
      try {
        for await (const event of findPeer(id, options)) {
          if (event.name === 'FINAL_PEER') isFound = true
          if (event.name === 'PEER_RESPONSE') {
            asked.add(event.from.toString())
            for (const server of event.closer.slice(0, MAX_OF_ANSWER)) told.set(server.id.toString(), server)
          }
          yield event
        }
      } catch (thrown) {
        failure = thrown
      }
      const unasked = [...told].filter(([name]) => !asked.has(name)).slice(0, MAX_OF_ROUND)
      if (unasked.length === 0 || round === MAX_ROUNDS) {
        if (isFound) return
        throw failure
      }
      for (const [name] of unasked) asked.add(name)
      const late = new AbortController()
      const signal = AbortSignal.any([options.signal ?? [], AbortSignal.timeout(ADD_MS), late.signal].flat())
      const adding = unasked.map(([, server]) => orAborted(add(server, { ...options, signal }), signal))
      let timer: ReturnType<typeof setTimeout> | undefined
      const added = Promise.any(adding).then(() => (timer = setTimeout(() => late.abort(), MORE_MS)))
      // One that does not answer is not added.
      await Promise.allSettled([...adding, added])
      clearTimeout(timer)
      options.signal?.throwIfAborted()
    }
  }
}
