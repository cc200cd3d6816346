/** What a peer knows of the mesh around it, as views and scripts see it. Plain data: nothing of libp2p. */

/** Another peer. */
export interface PeerInfo {
  /** Base58btc. */
  peerId: string
  /** How it is reached now; 'none': it is known, and there is no connection. */
  link: 'direct' | 'relayed' | 'none'
  /** Multiaddr of the connection, or one under which it was announced; undefined if none is known. */
  address: string | undefined
  /** Round trip of the last ping, in ms; undefined until there was one. */
  latencyMs: number | undefined
  /** Name and version of its software, as it says itself. */
  agent: string | undefined
  /** Protocol ids that it advertises. */
  protocols: readonly string[]
  /** When the connection was made, in ms since the epoch. */
  since: number | undefined
  /** It relays for this peer. */
  relay: boolean
  /** It runs processes that can be called: it advertises Glia's protocol. */
  processes: boolean
}

/** A relay that this peer uses, or tries to. */
export interface RelayInfo {
  /** Multiaddr it is dialled under. */
  address: string
  /** undefined until it is known. */
  peerId: string | undefined
  /**
   * 'waiting': the last attempt failed, and the next is at `retryAt`. 'refused': the relay is connected and gives no reservation,
   * so this peer can call others and they cannot call it; it asks again at `retryAt`.
   */
  state: 'connecting' | 'reserved' | 'refused' | 'waiting'
  /** When the reservation expires, in ms since the epoch. It is renewed before. */
  expires: number | undefined
  /** When it is tried again, in ms since the epoch. */
  retryAt: number | undefined
  /** Why the last attempt failed, in a sentence. */
  error: string | undefined
}
