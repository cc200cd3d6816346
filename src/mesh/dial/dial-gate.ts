import type { Multiaddr } from '@multiformats/multiaddr'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import { hostsOf, ipOf, isDnsName, isNameOfPublicIp, scopeOfHost } from './address-scope.ts'
import { peerAt } from './addresses.ts'

/**
 * Addresses named by this peer's own person or operator that are remembered. It is more than a person types; the oldest
 * are forgotten.
 */
const MAX_NAMED = 256
/** Longest wait for the addresses behind a name, in ms. */
const RESOLVE_MS = 3_000

/** Lookups of DNS names, on a platform that can look names up. A page cannot. */
export interface DialledNames {
  /** The IP addresses of a name. */
  resolve(name: string): Promise<readonly string[]>
  /**
   * Makes dials to this name go to these addresses only: the name of a stranger may lead elsewhere at the next lookup.
   * Left out: dials go wherever the name leads.
   */
  pin(name: string, ips?: readonly string[]): void
}

/** What the gate asks about other peers. */
export interface Surroundings {
  /** Whether a peer is connected. */
  isConnected(peer: string): boolean
  /**
   * Whether a peer announces this door itself, and a relay of this peer's own sees the peer in the network of this
   * host.
   */
  isNear(peer: string, door: string, host: string): Promise<boolean>
}

export interface DialGateInit {
  /** The network of this peer that contains a host; undefined if there is none. Left out: every address is dialled. */
  networkHere?: ((host: string) => string | undefined) | undefined
  names?: DialledNames | undefined
}

/**
 * Decides which addresses are dialled. Strangers can announce any address. With an address on this machine or in its
 * network they would choose a port for this peer to connect to, and learn from its answer what is there. So a private
 * address is dialled only if this peer and the stranger are both in its network, or if this peer's own person or
 * operator named it.
 */
export class DialGate {
  readonly #init: DialGateInit
  readonly #named = new Set<string>()
  #around: Surroundings | undefined

  constructor(init: DialGateInit = {}) {
    this.#init = init
  }

  /** Before this call nobody is near. */
  look(around: Surroundings): void {
    this.#around = around
  }

  /** Allows an address that this peer's own person or operator named. */
  name(address: Multiaddr): void {
    const door = doorOf(address)
    if (door === '') return
    // Moved to the end: the first entry is then the one that was not named for longest.
    this.#named.delete(door)
    this.#named.add(door)
    for (const host of hostsOf(address) ?? []) if (ipOf(host) === undefined) this.#init.names?.pin(host)
    const [oldest] = this.#named
    if (this.#named.size > MAX_NAMED && oldest !== undefined) this.#named.delete(oldest)
  }

  /** Whether a list of addresses in the DNS (`dnsaddr`) is read. It costs many lookups, so a stranger's list is not. */
  readsList(address: Multiaddr): boolean {
    return !this.#init.networkHere || (address.getComponents()[0]?.name === 'dnsaddr' && this.#isNamed(address))
  }

  async allowsDial(address: Multiaddr): Promise<boolean> {
    if (!this.#init.networkHere || this.#isNamed(address) || this.#opensNoDoor(address)) return true
    const hosts = hostsOf(address)
    if (!hosts) return false
    const allowed = await Promise.all(hosts.map((host) => this.#allowsHost(host, address)))
    return allowed.every(Boolean)
  }

  /** Whether this peer cannot know where the address leads. Then the time of the dial must not show its result. */
  isUnknown(address: Multiaddr): boolean {
    if (!this.#init.networkHere || this.#init.names || this.#isNamed(address) || this.#opensNoDoor(address))
      return false
    return hostsOf(address)?.some((host) => ipOf(host) === undefined && !isNameOfPublicIp(host)) ?? true
  }

  #isNamed(address: Multiaddr): boolean {
    return this.#named.has(doorOf(address))
  }

  /** A circuit of a connected relay opens a stream and no connection. */
  #opensNoDoor(address: Multiaddr): boolean {
    const relay = peerAt(address)
    const isCircuit = address.getComponents().some(({ name }) => name === 'p2p-circuit')
    return isCircuit && relay !== undefined && (this.#around?.isConnected(relay) ?? false)
  }

  async #allowsHost(host: string, address: Multiaddr): Promise<boolean> {
    if (ipOf(host) !== undefined) return this.#allowsPlace(host, address)
    if (!isDnsName(host)) return false
    const { names } = this.#init
    if (names) return this.#allowsName(host, address, names)
    if (scopeOfHost(host) !== 'public') return this.#allowsPlace(host, address)
    return isTlsAt443(address) || (isTls(address) && isNameOfPublicIp(host))
  }

  /** A public name may lead to this machine. So its addresses are judged, and the judged ones are dialled. */
  async #allowsName(name: string, address: Multiaddr, names: DialledNames): Promise<boolean> {
    try {
      const ips = await orAborted(names.resolve(name), AbortSignal.timeout(RESOLVE_MS))
      const allowed = await Promise.all(ips.map((ip) => this.#allowsPlace(ip, address)))
      if (ips.length === 0 || !allowed.every(Boolean)) return false
      names.pin(name, ips)
      return true
    } catch {
      return false
    }
  }

  async #allowsPlace(host: string, address: Multiaddr): Promise<boolean> {
    if (scopeOfHost(host) === 'public') return true
    const peer = peerAt(address)
    if (peer === undefined || this.#init.networkHere?.(host) === undefined) return false
    return (await this.#around?.isNear(peer, doorOf(address), host)) ?? false
  }
}

/**
 * A page cannot look names up, and a stranger's name may lead into the page's network. There such a dial can only meet
 * a TLS server at port 443, and fails, because the certificate is for another name.
 */
function isTlsAt443(address: Multiaddr): boolean {
  return isTls(address) && address.getComponents().some(({ name, value }) => name === 'tcp' && value === '443')
}

function isTls(address: Multiaddr): boolean {
  return address.getComponents().some(({ name }) => name === 'wss' || name === 'tls')
}

/** Host and port of an address, without the peers behind them. */
export function doorOf(address: Multiaddr): string {
  const [door = ''] = address.toString().split('/p2p')
  return door
}
