import { LoadedOnce } from '../../glia/loaded-once.ts'
import {
  type ContentRouting,
  contentRoutingSymbol,
  type Libp2p,
  type PeerId,
  type PeerInfo,
  type PeerRouting,
  peerRoutingSymbol,
  type Provider,
  type RoutingOptions,
  start,
  stop,
} from '@libp2p/interface'
import type { KadDHTComponents } from '@libp2p/kad-dht'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { CID } from 'multiformats/cid'
import type { Routing } from '../../glia/env.ts'
import { GliaError } from '../../glia/errors.ts'
import { meshError } from '../dial/failure-words.ts'
import { DHT_PROTOCOL } from '../limits.ts'
import type { Dht } from './dht.ts'

/**
 * A lookup asks the servers. What this peer itself has kept of another may be an entry without addresses, or an address
 * from before the other moved.
 */
const ANEW = { useCache: false } as const

/**
 * Where a peer is, answer by answer: what this peer has kept of it, and then what the servers of the DHT say. Each answer
 * may be old: a relay too remembers a peer for an hour after it has left.
 * @throws {Error} if nobody knows the peer, or no server of the DHT is connected
 */
export async function* answersAbout(
  { services, peerStore }: Libp2p,
  peer: PeerId,
  options: RoutingOptions,
): AsyncIterable<readonly Multiaddr[]> {
  const kept = await peerStore.get(peer, options).catch(() => undefined)
  if (kept) yield kept.addresses.map(({ multiaddr }) => multiaddr)
  const { dht, routing } = services as { dht?: Dht; routing?: LazyRouting }
  const loaded = dht ?? (await routing?.loaded())
  if (!loaded) throw new Error('This peer has no DHT.')
  for await (const event of loaded.findPeer(peer, { ...options, ...ANEW }))
    if (event.name === 'FINAL_PEER') yield event.peer.multiaddrs
}

/** libp2p's peer and content routing, as a core service of a peer. */
export function routingOf({ peerRouting, contentRouting }: Libp2p): Routing {
  return {
    async findPeer(id, { signal } = {}) {
      try {
        const found = await peerRouting.findPeer(peerIdFromString(id), { ...ANEW, ...(signal && { signal }) })
        return found.multiaddrs.map(String)
      } catch (cause) {
        throw new GliaError('ERR_UNREACHABLE', `No peer that was asked knows where ${id} is.`, { cause })
      }
    },
    async provide(cid, { signal } = {}) {
      try {
        await contentRouting.provide(CID.parse(cid), signal ? { signal } : {})
      } catch (thrown) {
        throw meshError('The mesh’s directory', thrown, signal)
      }
    },
    async *findProviders(cid, { signal } = {}) {
      try {
        for await (const { id, multiaddrs } of contentRouting.findProviders(CID.parse(cid), signal ? { signal } : {}))
          yield { peerId: id.toString(), addrs: multiaddrs.map(String) }
      } catch (thrown) {
        throw meshError('The mesh’s directory', thrown, signal)
      }
    },
  }
}

/**
 * libp2p's routing through the DHT of the relays. The DHT (67 kB gzip) is loaded on the first lookup of a peer that no
 * connected peer knows. A tab is a client only: tabs come and go too fast to keep a part of the table.
 */
export class LazyRouting {
  readonly #components: KadDHTComponents
  readonly #dht = new LoadedOnce(() => this.#load())

  constructor(components: KadDHTComponents) {
    this.#components = components
  }

  /** The property in which libp2p looks for a service's peer routing. */
  get [peerRoutingSymbol](): PeerRouting {
    return {
      findPeer: (id, options) => this.#findPeer(id, options),
      getClosestPeers: (key, options) => this.#getClosestPeers(key, options),
    }
  }

  /** The property in which libp2p looks for a service's content routing. */
  get [contentRoutingSymbol](): Partial<ContentRouting> {
    return {
      provide: async (cid, options) => (await this.#content()).provide?.(cid, options),
      findProviders: (cid, options) => this.#findProviders(cid, options),
    }
  }

  /** libp2p stops only what it can start too. */
  start(): void {
    // The DHT starts when it is loaded.
  }

  async stop(): Promise<void> {
    // One that cannot be loaded needs no end.
    await stop(await this.#dht.loading?.catch(() => undefined))
  }

  /** @throws {Error} if nobody knows the peer, or no server of the DHT is connected. */
  async #findPeer(id: PeerId, options?: RoutingOptions): Promise<PeerInfo> {
    const dht = await this.loaded()
    for await (const event of dht.findPeer(id, options)) if (event.name === 'FINAL_PEER') return event.peer
    throw new Error('The DHT does not know this peer.')
  }

  async *#getClosestPeers(key: Uint8Array, options?: RoutingOptions): AsyncIterable<PeerInfo> {
    const dht = await this.loaded()
    for await (const event of dht.getClosestPeers(key, options)) if (event.name === 'FINAL_PEER') yield event.peer
  }

  async *#findProviders(cid: CID, options?: RoutingOptions): AsyncIterable<Provider> {
    yield* (await this.#content()).findProviders?.(cid, options) ?? []
  }

  async #content(): Promise<Partial<ContentRouting>> {
    return ((await this.loaded()) as Dht & { [contentRoutingSymbol]: Partial<ContentRouting> })[contentRoutingSymbol]
  }

  /** @throws {Error} if it cannot be loaded now */
  loaded(): Promise<Dht> {
    return this.#dht.get()
  }

  async #load(): Promise<Dht> {
    const { dht: make } = await import('./dht.ts')
    const dht = make({ clientMode: true })(this.#components)
    await start(dht)
    await this.#addConnected(dht)
    return dht
  }

  /** The DHT hears of peers that connect from now on. The relays are connected already. */
  async #addConnected(dht: Dht): Promise<void> {
    const { connectionManager, peerStore } = this.#components
    const connected = new Map(
      connectionManager.getConnections().map(({ remotePeer }) => [remotePeer.toString(), remotePeer]),
    )
    await Promise.all(
      [...connected.values()].map(async (id) => {
        const { protocols } = await peerStore.get(id)
        if (protocols.includes(DHT_PROTOCOL)) await dht.routingTable.add(id)
      }),
    )
  }
}
