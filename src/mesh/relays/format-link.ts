import type { Multiaddr } from '@multiformats/multiaddr'
import { readMultiaddr } from '../dial/addresses.ts'
import { type AddressScope, hostsOf, scopeOfHost } from '../dial/address-scope.ts'

/** Addresses that are written into a link: it should stay short, and its QR code small. */
const MAX_ADDRESSES = 2

/**
 * A link to this app. Everything is in the fragment, which is sent to no server. Any other origin that serves the app
 * accepts it too.
 * - `#join=/dns4/…/p2p/RELAY/p2p-circuit/p2p/PEER`: joins the mesh of a peer; `join` may be repeated.
 * - `…&pid=PID&key=KEY&method=METHOD`: and calls a process of that peer, or its instance of a key. The method may be left
 *   out.
 * - `#spawn=CID&from=…`: makes a process of a module. `from` is an address as in `join`, or a peer id.
 * @returns undefined if there is no address that a browser can dial.
 */
export function formatLink(
  page: string,
  addresses: readonly string[],
  { pid, key, method, cid }: Partial<Record<'pid' | 'key' | 'method' | 'cid', string | undefined>> = {},
): string | undefined {
  const dialable = addresses.filter((address) => /\/(ws|wss)\/.*\/p2p-circuit\/p2p\//.test(address))
  const scopes = dialable.map((address) => scopeOf(readMultiaddr(address)))
  // One on the machine that makes the link is of no use to others, unless all peers are there.
  const elsewhere = dialable.filter((_, i) => scopes[i] !== 'loopback')
  const chosen = (elsewhere.length > 0 ? elsewhere : dialable).slice(0, MAX_ADDRESSES)
  if (chosen.length === 0) return undefined
  const parts = [
    ...(cid === undefined ? [] : [`spawn=${cid}`]),
    ...chosen.map((address) => `${cid === undefined ? 'join' : 'from'}=${address}`),
    ...(pid === undefined ? [] : [`pid=${pid}`]),
    ...(key === undefined ? [] : [`key=${encodeURIComponent(key)}`]),
    ...(method === undefined ? [] : [`method=${encodeURIComponent(method)}`]),
  ]
  const url = new URL(page)
  url.search = ''
  url.hash = parts.join('&')
  return url.href
}

/** Who can reach an address: its own machine, its own network, or everybody. */
export function scopeOf(address: Multiaddr): AddressScope {
  const [host = ''] = hostsOf(address) ?? []
  return scopeOfHost(host)
}
