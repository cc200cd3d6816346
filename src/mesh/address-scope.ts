import type { Multiaddr } from '@multiformats/multiaddr'

/** From where an address can be reached: from its own machine, from its own network, from everywhere. */
export type AddressScope = 'loopback' | 'private' | 'public'

/**
 * Scope of the host that a multiaddr is dialled at: of a relayed one that of its relay. One that names a peer and no host is
 * public. A form that is not known here counts as private: a transport may know how to dial it.
 */
export function scopeOf(address: Multiaddr): AddressScope {
  // A zone may stand before an IPv6 address, and changes nothing about whose it is.
  const first = address.getComponents().find(({ name }) => name !== 'ip6zone')
  if (!first || /^(p2p|p2p-circuit|webrtc)$/.test(first.name)) return 'public'
  return /^(ip4|ip6|dns|dns4|dns6|dnsaddr)$/.test(first.name) ? scopeOfHost(first.value ?? '') : 'private'
}

/** Scope of a name or an IP address. Names are judged by themselves: a page cannot resolve them. */
export function scopeOfHost(host: string): AddressScope {
  const name = canonical(host)
  if (name === undefined) return 'private'
  if (name.startsWith('[')) return scopeOfIpv6(name.slice(1, -1))
  if (/^\d+(\.\d+){3}$/.test(name)) return scopeOfIpv4(name)
  if (name === 'localhost' || name.endsWith('.localhost')) return 'loopback'
  return !name.includes('.') || /\.(local|lan|internal|home\.arpa)$/.test(name) ? 'private' : 'public'
}

/** As the browser reads it: `2130706433` and `0x7f.1` are 127.0.0.1. @returns undefined if it is no host at all */
function canonical(host: string): string | undefined {
  const bare = host.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  try {
    return new URL(`http://${bare.includes(':') ? `[${bare}]` : bare}/`).hostname
  } catch {
    return undefined
  }
}

function scopeOfIpv4(ip: string): AddressScope {
  if (/^(127|0)\./.test(ip)) return 'loopback'
  const isPrivate =
    /^10\.|^192\.168\.|^169\.254\.|^172\.(1[6-9]|2\d|3[01])\.|^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(ip)
  return isPrivate ? 'private' : 'public'
}

function scopeOfIpv6(ip: string): AddressScope {
  if (ip === '::1' || ip === '::') return 'loopback'
  // An address of IPv4 inside: mapped, or by NAT64.
  const [, high, low] = /^(?:::ffff:|64:ff9b::)([\da-f]{1,4}):([\da-f]{1,4})$/.exec(ip) ?? []
  if (high !== undefined && low !== undefined) {
    const [a, b] = [parseInt(high, 16), parseInt(low, 16)]
    return scopeOfIpv4([a >> 8, a & 255, b >> 8, b & 255].join('.'))
  }
  return /^f[cd]|^fe[89ab]/.test(ip) ? 'private' : 'public'
}
