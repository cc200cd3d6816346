import type { Multiaddr } from '@multiformats/multiaddr'
import { type AddressScope, scopeOf } from './address-scope.ts'

/** Addresses that were named here. More than a person types; the oldest are forgotten. */
const MAX_NAMED = 256

/**
 * Decides which addresses are dialled. Others can announce any address: with one on this machine or in its network they would choose
 * a port for this peer to connect to. Such an address is dialled if this peer is there too, or if its own person or operator named it.
 */
export class DialGate {
  readonly #here: (() => ReadonlySet<AddressScope>) | undefined
  readonly #named = new Set<string>()

  /** @param here Where this peer is itself. Left out: everywhere. */
  constructor(here?: () => ReadonlySet<AddressScope>) {
    this.#here = here
  }

  /** Allows an address that this peer's own person or operator gave. */
  name(address: Multiaddr): void {
    this.#named.add(doorOf(address))
    const [oldest] = this.#named
    if (this.#named.size > MAX_NAMED && oldest !== undefined) this.#named.delete(oldest)
  }

  allows(address: Multiaddr): boolean {
    const scope = scopeOf(address)
    if (scope === 'public' || !this.#here) return true
    return this.#here().has(scope) || this.#named.has(doorOf(address))
  }
}

/** Host and port, without the peers that are behind. */
function doorOf(address: Multiaddr): string {
  const [door = ''] = address.toString().split('/p2p')
  return door
}
