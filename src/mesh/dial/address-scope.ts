import type { Multiaddr } from '@multiformats/multiaddr'

/** Who can reach a host: its own machine, its own network, or everybody. */
export type AddressScope = 'loopback' | 'private' | 'public'

/**
 * The forms that a dial can connect to: TCP, WebSocket, WebRTC, QUIC. Other forms become odd URLs: `/udp/443/ws` is the
 * host `udp`.
 */
const DOOR =
  /^((ip6zone )?(ip4|ip6|dns|dns4|dns6) (tcp( (ws|wss|tls ws|tls sni ws))?|udp (webrtc-direct|quic|quic-v1)( webtransport)?( certhash)*))?$/
const HOST = /^(ip4|ip6|dns|dns4|dns6|sni)$/
const PEERS = /^(p2p|p2p-circuit|webrtc)$/

/**
 * The hosts to which a dial of a multiaddr may connect. The name after `sni` is one of them: a WebSocket is dialled at
 * that name.
 * @returns An empty list if the address names peers only; undefined if its form is unknown
 */
export function hostsOf(address: Multiaddr): string[] | undefined {
  const components = address.getComponents()
  const end = components.findIndex(({ name }) => PEERS.test(name))
  const door = end < 0 ? components : components.slice(0, end)
  if (!DOOR.test(door.map(({ name }) => name).join(' '))) return undefined
  if (!components.slice(door.length).every(({ name }) => PEERS.test(name))) return undefined
  return door.filter(({ name }) => HOST.test(name)).map(({ value }) => value ?? '')
}

/**
 * Scope of a name or an IP address. A name is judged by its text: by an end that no public name has, or by a private IP
 * address in it, as in `10.0.0.1.nip.io`. The text does not tell where any other name leads.
 */
export function scopeOfHost(host: string): AddressScope {
  const name = canonical(host)
  if (name === undefined) return 'private'
  const ip = ipOf(name)
  if (ip !== undefined) return scopeOfIp(ip)
  if (/(^|\.)(localhost|localdomain)$/.test(name)) return 'loopback'
  if (!name.includes('.') || PRIVATE_END.test(name)) return 'private'
  return (
    carriedIps(name)
      .map(scopeOfIp)
      .find((scope) => scope !== 'public') ?? 'public'
  )
}

/**
 * Ends of names that are reserved for private networks, or that private networks use and the public DNS does not have.
 */
const PRIVATE_END = /\.(local|lan|internal|intranet|private|home|corp|home\.arpa)$/

/** Whether the text is a DNS name. In a multiaddr that comes as bytes it may be anything, such as `127.0.0.1:22#.example.org`. */
export function isDnsName(text: string): boolean {
  return text.length <= 253 && /^[a-z\d_-]+(\.[a-z\d_-]+)*\.?$/i.test(text)
}

/**
 * Whether the DNS gives this name the public IP address that is written in it, and no other:
 * `203-0-113-9.PEER.libp2p.direct`, a name that native peers get for their certificates.
 */
export function isNameOfPublicIp(name: string): boolean {
  return (
    /^[\da-f-]+\.[a-z\d]+\.libp2p\.direct\.?$/i.test(name) &&
    carriedIps(name).length > 0 &&
    scopeOfHost(name) === 'public'
  )
}

/**
 * An IP address in one form: without brackets, and IPv4 inside of IPv6 as IPv4. Undefined if the host is a name, or
 * nothing.
 */
export function ipOf(host: string): string | undefined {
  const name = canonical(host)
  if (name?.startsWith('[')) return mappedIpv4(name) ?? name.slice(1, -1)
  return name !== undefined && /^\d+(\.\d+){3}$/.test(name) ? name : undefined
}

/** The host as the browser reads it: `2130706433` and `0x7f.1` are 127.0.0.1. @returns undefined if it is no host */
function canonical(host: string): string | undefined {
  const bare = host.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  try {
    return new URL(`http://${bare.includes(':') ? `[${bare}]` : bare}/`).hostname
  } catch {
    return undefined
  }
}

/** IP addresses written in a name, with dots, with dashes or in hexadecimal. */
function carriedIps(name: string): string[] {
  const quads = [...name.matchAll(/(?<!\d)(?=(\d{1,3})[.-](\d{1,3})[.-](\d{1,3})[.-](\d{1,3})(?!\d))/g)]
  const hex = name.split(/[.-]/).filter((part) => /^[\da-f]{8}$/.test(part))
  const dashed = name.split('.').filter((label) => /^[\da-f]*(-[\da-f]*){2,7}$/.test(label))
  return [
    ...quads.map(([, ...bytes]) => bytes.join('.')),
    ...hex.map((part) => String(parseInt(part, 16))),
    ...dashed.map((label) => label.replaceAll('-', ':')),
  ].flatMap((text) => ipOf(text) ?? [])
}

function scopeOfIp(ip: string): AddressScope {
  return ip.includes(':') ? scopeOfIpv6(groupsOf(ip)) : scopeOfIpv4(ip)
}

/**
 * Whether the address is in a range for special use (RFC 6890, RFC 5771): only this machine, or nobody far away, is
 * there.
 */
const PRIVATE_IPV4 =
  /^10\.|^192\.168\.|^169\.254\.|^172\.(1[6-9]|2\d|3[01])\.|^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|^192\.0\.0\.|^198\.1[89]\.|^(22[4-9]|2[3-5]\d)\./

function scopeOfIpv4(ip: string): AddressScope {
  if (/^(127|0)\./.test(ip)) return 'loopback'
  return PRIVATE_IPV4.test(ip) ? 'private' : 'public'
}

function scopeOfIpv6(groups: readonly number[]): AddressScope {
  const [a = 0, b = 0, c = 0, , e = 0, f = 0, g = 0, h = 0] = groups
  if (groups.slice(0, 7).every((group) => group === 0) && h < 2) return 'loopback'
  // Whether an IPv4 address is inside: the obsolete compatible form, translated, by NAT64, by ISATAP, by 6to4.
  const isTranslated =
    groups.slice(0, 4).every((group) => group === 0) && ((e === 0 && f === 0) || (e === 0xffff && f === 0))
  const isNat64 = a === 0x64 && b === 0xff9b && groups.slice(2, 6).every((group) => group === 0)
  const isIsatap = (e & 0xfdff) === 0 && f === 0x5efe
  if (isTranslated || isNat64 || isIsatap) return scopeOfIpv4(ipv4Of(g, h))
  if (a === 0x2002) return scopeOfIpv4(ipv4Of(b, c))
  // Public addresses are in 2000::/3. Teredo, 2001::/32, hides an IPv4 address.
  return (a & 0xe000) === 0x2000 && !(a === 0x2001 && b === 0) ? 'public' : 'private'
}

/** The IPv4 address of a mapped IPv6 address. */
function mappedIpv4(bracketed: string): string | undefined {
  const [, high, low] = /^\[::ffff:([\da-f]{1,4}):([\da-f]{1,4})\]$/.exec(bracketed) ?? []
  return high === undefined || low === undefined ? undefined : ipv4Of(parseInt(high, 16), parseInt(low, 16))
}

function ipv4Of(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/** The eight groups of an IPv6 address. */
function groupsOf(ip: string): number[] {
  const [left = '', right] = ip.split('::').map((half) => (half === '' ? [] : half.split(':')))
  const before = left === '' ? [] : left
  const after = right ?? []
  const gap = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...gap, ...after].map((group) => parseInt(group, 16))
}
