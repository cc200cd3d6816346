import { ipOf, scopeOfHost } from '../../mesh/dial/address-scope.ts'

/** Public addresses under which clouds answer their own machines: Azure. The others use link-local ones. */
const OF_CLOUDS: ReadonlySet<string> = new Set(['168.63.129.16'])

/**
 * Whether a process may connect to an address to which a listed name leads. It must be a public one: whoever owns the
 * name could give it the address of a machine in this network. `localhost` leads to this machine, as everybody knows.
 * @param ip As the DNS gave it.
 */
export function mayConnect(name: string, ip: string): boolean {
  const scope = scopeOfHost(ip)
  if (/^(.+\.)?localhost$/.test(name)) return scope === 'loopback'
  return scope === 'public' && !OF_CLOUDS.has(ipOf(ip) ?? ip)
}
