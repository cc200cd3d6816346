import type { PeerStore, StreamHandler } from '@libp2p/interface'
import type { Registrar } from '@libp2p/interface-internal'

export interface PrefixHandler {
  /** Whether this peer takes an id with the prefix. Others are refused while the id is negotiated. */
  isServed(id: string): boolean
  readonly handler: StreamHandler
  readonly options: { maxInboundStreams: number; maxOutboundStreams: number; runOnLimitedConnection: boolean }
}

/**
 * Has libp2p take all protocol ids that begin with a prefix. Its registrar matches ids exactly, so its two lookups are wrapped: `includes`,
 * which negotiation asks, and `getHandler`. None of the ids is advertised, and none is kept in the peer store, whose records would grow
 * with each.
 *
 * Seen in libp2p 3.3.11. Upstream: libp2p/js-libp2p#455: match functions there were, and they went with the registrar of 2019.
 */
export function handlePrefix(
  { registrar, peerStore }: { registrar: Registrar; peerStore: PeerStore },
  prefix: string,
  { isServed, handler, options: limits }: PrefixHandler,
): void {
  const isMatch = (id: string): boolean => id.startsWith(prefix)
  const getProtocols = registrar.getProtocols.bind(registrar)
  registrar.getProtocols = () => new ProtocolList(getProtocols(), (id) => isMatch(id) && isServed(id))
  const getHandler = registrar.getHandler.bind(registrar)
  registrar.getHandler = (id) => (isMatch(id) ? { handler, options: limits } : getHandler(id))
  const merge = peerStore.merge.bind(peerStore)
  peerStore.merge = async (id, data, options) => {
    const { protocols } = data
    if (!protocols?.some(isMatch)) return merge(id, data, options)
    return merge(id, { ...data, protocols: protocols.filter((protocol) => !isMatch(protocol)) }, options)
  }
}

/** The protocols of this peer, to which others belong without being listed. */
class ProtocolList extends Array<string> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array
  }
  readonly #matches: (protocol: string) => boolean

  constructor(listed: readonly string[], matches: (protocol: string) => boolean) {
    super()
    this.#matches = matches
    this.push(...listed)
  }

  override includes(protocol: string): boolean {
    return super.includes(protocol) || this.#matches(protocol)
  }
}
