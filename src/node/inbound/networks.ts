import { isIPv6 } from 'node:net'
import type { Multiaddr } from '@multiformats/multiaddr'
import { isLoopback } from './loopback.ts'

/**
 * This machine has so many times the quota of another network, because its owner's browsers, programs and tests share
 * one address. Only 127.0.0.1 and ::1 count as this machine: programs use no other loopback address unless they are
 * told to.
 */
const LOCAL_FACTOR = 8

/**
 * The network of an IP address, for quotas: an IPv4 address, or the /64 of an IPv6 address, since one machine chooses
 * freely among the addresses of its /64.
 */
export function networkOf(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1]
  if (mapped !== undefined) return mapped
  return isIPv6(ip) && !isLoopback(ip) ? `${firstGroups(ip).join(':')}::/64` : ip
}

/** The network of the other side of a connection. For a name it is the name; for anything else the whole address. */
export function networkAt(address: Multiaddr): string {
  // A zone may stand before an IPv6 address.
  const host = address.getComponents().find(({ name }) => /^(ip4|ip6|dns|dns4|dns6)$/.test(name))?.value
  return host === undefined ? address.toString() : networkOf(host)
}

/** The quota of a network, if an ordinary network has `quota`. */
export function shareOf(network: string, quota: number): number {
  return network === '127.0.0.1' || network === '::1' ? quota * LOCAL_FACTOR : quota
}

/** The first four groups of an IPv6 address, without leading zeros. */
function firstGroups(ip: string): string[] {
  const [left = '', right] = (ip.split('%')[0] ?? '').toLowerCase().split('::')
  const before = left === '' ? [] : left.split(':')
  const after = right === undefined || right === '' ? [] : right.split(':')
  const gap = right === undefined ? 0 : 8 - before.length - after.length
  const groups = [...before, ...Array.from({ length: Math.max(0, gap) }, () => '0'), ...after]
  return groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ''))
}
