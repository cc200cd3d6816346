import { networkInterfaces } from 'node:os'
import { type AddressScope, scopeOfHost } from '../mesh/address-scope.ts'
import { isLoopback } from './loopback.ts'

/** Addresses that hosts give themselves on each link. Every machine has some, so they say nothing about where it is. */
const LINK_LOCAL = /^(fe[89ab][\da-f]:|169\.254\.)/i

/**
 * From where this machine is reached: an address that a stranger announces is dialled only there.
 * @param host What it listens on.
 * @param ips Its addresses.
 */
export function scopesHere(host: string, ips: readonly string[] = ownIps()): ReadonlySet<AddressScope> {
  if (isLoopback(host)) return new Set(['loopback'])
  const given = ips.filter((ip) => !LINK_LOCAL.test(ip))
  return new Set(given.map(scopeOfHost).filter((scope) => scope !== 'loopback'))
}

function ownIps(): string[] {
  return Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? [])
}
