import type { Connection } from '@libp2p/interface'
import type { Platform } from './mesh-init.ts'
import { hostsOf, ipOf } from './dial/address-scope.ts'
import { isDirect } from './dial/addresses.ts'
import { doorOf } from './dial/dial-gate.ts'
import { askNear } from './dial/near.ts'
import type { KnownPeers } from './presence/known-peers.ts'

export interface NeighbourhoodInit {
  readonly platform: Pick<Platform, 'networkHere' | 'names'>
  readonly known: KnownPeers
  /** Connections to this peer's relays. */
  relays(): readonly Connection[]
}

/** Tells which peers are in a network of this one, so that their private addresses may be dialled. */
export class Neighbourhood {
  readonly #init: NeighbourhoodInit

  constructor(init: NeighbourhoodInit) {
    this.#init = init
  }

  /** Whether a relay in the same network says that the peer announced the door, and that it and the host are near. */
  async isNear(peer: string, door: string, host: string): Promise<boolean> {
    const { known, relays } = this.#init
    if (!known.get(peer)?.addresses.some((address) => doorOf(address) === door)) return false
    const answers = relays().map(async (relay) => (await this.#isHere(relay)) && askNear(relay, peer, host))
    return (await Promise.all(answers)).some(Boolean)
  }

  /**
   * Whether the other side is in a network of this peer. A relay elsewhere may see everybody at the address of a proxy.
   */
  async #isHere(connection: Connection): Promise<boolean> {
    const { networkHere, names } = this.#init.platform
    const [host] = hostsOf(connection.remoteAddr) ?? []
    if (host === undefined || !isDirect(connection)) return false
    const hosts = names && ipOf(host) === undefined ? await names.resolve(host).catch(() => []) : [host]
    return hosts.some((each) => networkHere?.(each) !== undefined)
  }
}
