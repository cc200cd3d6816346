import type { Multiaddr } from '@multiformats/multiaddr'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import { hostsOf, ipOf, isDnsName, isNameOfPublicIp, scopeOfHost } from './address-scope.ts'
import { peerAt } from './addresses.ts'

/** Addresses that were named here. More than a person types; the oldest are forgotten. */
const MAX_NAMED = 256
/** Longest wait for the addresses behind a name, in ms. */
const RESOLVE_MS = 3_000

/** The DNS names that this peer dials, where it can look them up itself. A page cannot. */
export interface DialledNames {
  /** The IP addresses that a name leads to. */
  resolve(name: string): Promise<readonly string[]>
  /**
   * A dial to this name goes to these addresses and no others: a name of a stranger may lead elsewhere when it is looked up again.
   * Left out: wherever the name leads.
   */
  pin(name: string, ips?: readonly string[]): void
}

/** What others say and do, as far as the gate asks for it. */
export interface Surroundings {
  /** Whether there is a connection to a peer. */
  isConnected(peer: string): boolean
  /** Whether a peer says this door of itself, and a relay of this peer's own sees it in the network that this host is in. */
  isNear(peer: string, door: string, host: string): Promise<boolean>
}

export interface DialGateInit {
  /** The network of this peer's own that a host is in; undefined: none. Left out: everything is dialled. */
  networkHere?: ((host: string) => string | undefined) | undefined
  names?: DialledNames | undefined
}

/**
 * Decides which addresses are dialled. Strangers can announce any address: with one on this machine or in its network they would
 * choose a port for this peer to connect to, and learn from its answer what is there. So a private address is dialled only if this
 * peer and the stranger both are in its network, or if this peer's own person or operator named it.
 */
export class DialGate {
  readonly #init: DialGateInit
  readonly #named = new Set<string>()
  #around: Surroundings | undefined

  constructor(init: DialGateInit = {}) {
    this.#init = init
  }

  /** Until then nobody is near. */
  look(around: Surroundings): void {
    this.#around = around
  }

  /** Allows an address that this peer's own person or operator gave. */
  name(address: Multiaddr): void {
    const door = doorOf(address)
    if (door === '') return
    // To the end: the first is the one not named for longest.
    this.#named.delete(door)
    this.#named.add(door)
    for (const host of hostsOf(address) ?? []) if (ipOf(host) === undefined) this.#init.names?.pin(host)
    const [oldest] = this.#named
    if (this.#named.size > MAX_NAMED && oldest !== undefined) this.#named.delete(oldest)
  }

  /** Whether a list of addresses in the DNS (`dnsaddr`) is read: it costs many lookups, so a stranger's is not. */
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

  /** Whether nobody can tell this peer where the address leads: what comes of the dial must not be seen in its time. */
  isUnknown(address: Multiaddr): boolean {
    if (!this.#init.networkHere || this.#init.names || this.#isNamed(address) || this.#opensNoDoor(address))
      return false
    return hostsOf(address)?.some((host) => ipOf(host) === undefined && !isNameOfPublicIp(host)) ?? true
  }

  #isNamed(address: Multiaddr): boolean {
    return this.#named.has(doorOf(address))
  }

  /** A circuit of a relay that is connected opens a stream and no connection. */
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

  /** A public name may lead to this machine. So its addresses are judged, and the same ones are dialled. */
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
 * A page cannot look names up, and a stranger's name may lead into its network. There a TLS server at the port of HTTPS is all that such
 * a dial can meet, and it fails there, because the certificate is for another name.
 */
function isTlsAt443(address: Multiaddr): boolean {
  return isTls(address) && address.getComponents().some(({ name, value }) => name === 'tcp' && value === '443')
}

function isTls(address: Multiaddr): boolean {
  return address.getComponents().some(({ name }) => name === 'wss' || name === 'tls')
}

/** Host and port, without the peers that are behind. */
export function doorOf(address: Multiaddr): string {
  const [door = ''] = address.toString().split('/p2p')
  return door
}
