import { BlockList, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { ipOf } from '../../mesh/dial/address-scope.ts'
import { isLoopback } from './loopback.ts'

/** Addresses that hosts give themselves on each link. Every machine has some, so they do not tell where it is. */
const LINK_LOCAL = /^(fe[89ab][\da-f]:|169\.254\.)/i

/**
 * The network of this machine that contains an IP address: `loopback`, or that of an interface, such as `10.1.2.3/24`.
 * The private address of a stranger is dialled only in such a network.
 * @param host The address that this server listens on. A server on loopback is in no other network.
 * @param cidrs The machine's own addresses with their prefixes.
 */
export function networkHere(host: string, ip: string, cidrs: readonly string[] = ownCidrs()): string | undefined {
  const target = ipOf(ip)
  if (target === undefined) return undefined
  if (isLoopback(host)) return isLoopback(target) ? 'loopback' : undefined
  return isLoopback(target) ? undefined : cidrs.find((cidr) => !LINK_LOCAL.test(cidr) && contains(cidr, target))
}

function contains(cidr: string, ip: string): boolean {
  const [net = '', prefix] = cidr.split('/')
  if (isLoopback(net) || isIPv6(net) !== isIPv6(ip)) return false
  const family = isIPv6(net) ? 'ipv6' : 'ipv4'
  const list = new BlockList()
  list.addSubnet(net, Number(prefix), family)
  return list.check(ip, family)
}

function ownCidrs(): string[] {
  return Object.values(networkInterfaces()).flatMap((each) => each?.flatMap(({ cidr }) => cidr ?? []) ?? [])
}
