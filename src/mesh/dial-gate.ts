import type { Multiaddr } from '@multiformats/multiaddr'
import { orAborted } from '../glia/or-aborted.ts'
import { type AddressScope, scopeOf, scopeOfHost } from './address-scope.ts'

/** Addresses that were named here. More than a person types; the oldest are forgotten. */
const MAX_NAMED = 256
/** Longest wait for the addresses behind a name, in ms. */
const RESOLVE_MS = 3_000

/** Finds the IP addresses that a name leads to. */
export type Resolve = (name: string) => Promise<readonly string[]>

/**
 * Decides which addresses are dialled. Others can announce any address: with one on this machine or in its network they would choose
 * a port for this peer to connect to. Such an address is dialled if this peer is there too, or if its own person or operator named it.
 */
export class DialGate {
  readonly #here: (() => ReadonlySet<AddressScope>) | undefined
  readonly #resolve: Resolve | undefined
  readonly #named = new Set<string>()

  /**
   * @param here Where this peer is itself. Left out: everywhere.
   * @param resolve Left out: names are judged by themselves, as in a page.
   */
  constructor(here?: () => ReadonlySet<AddressScope>, resolve?: Resolve) {
    this.#here = here
    this.#resolve = resolve
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

  /** As {@link allows}, and of what a name leads to, where that can be found out: a stranger's public name may lead to this machine. */
  async allowsDial(address: Multiaddr): Promise<boolean> {
    if (!this.allows(address)) return false
    const here = this.#here?.()
    const name = nameOf(address)
    if (!here || !this.#resolve || name === undefined || this.#named.has(doorOf(address))) return true
    try {
      const ips = await orAborted(this.#resolve(name), AbortSignal.timeout(RESOLVE_MS))
      return ips.map(scopeOfHost).every((scope) => scope === 'public' || here.has(scope))
    } catch {
      return false
    }
  }
}

/** The DNS name that an address is dialled at. */
function nameOf(address: Multiaddr): string | undefined {
  const [first] = address.getComponents()
  return first && /^dns[46]?$/.test(first.name) ? first.value : undefined
}

/** Host and port, without the peers that are behind. */
function doorOf(address: Multiaddr): string {
  const [door = ''] = address.toString().split('/p2p')
  return door
}
