import { isIP, isIPv4 } from 'node:net'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { WebSockets, WebSocketsSecure } from '@multiformats/multiaddr-matcher'
import { PROTOCOL } from '../../glia/address.ts'
import { withPeer } from '../../mesh/dial/addresses.ts'
import type { IceServer } from '../../mesh/dial/ice-server.ts'
import { isLoopback } from '../inbound/loopback.ts'

/** Path at which a page learns the relay of its host. */
export const WELL_KNOWN_PATH = '/.well-known/glia.json'

export interface WellKnownInit {
  readonly peerId: string
  /** Public multiaddrs. Empty: pages reach the relay at the name under which they reached this server. */
  readonly announce: readonly string[]
  /** Address and TCP port at which libp2p listens for WebSockets. */
  readonly host: string
  readonly wsPort: number
  readonly iceServers: readonly IceServer[]
}

/**
 * The content for pages: the protocol's version, the relay's peer id, and where browsers can dial it.
 * @param host The request's Host header.
 */
export function wellKnown(init: WellKnownInit, host: string): object {
  const { peerId, announce, wsPort, iceServers } = init
  const announced = announce
    .map((address) => multiaddr(address))
    .filter(isForBrowsers)
    .map((address) => withPeer(address, peerId).toString())
  const beside = `${hostPart(nameOf(host), init.host)}/tcp/${wsPort}/ws/p2p/${peerId}`
  const relays = announced.length > 0 ? announced : [beside]
  return { version: PROTOCOL.slice(1), peer: peerId, relays, ...(iceServers.length > 0 && { iceServers }) }
}

/** The DNS names in multiaddrs. */
export function namesIn(addresses: readonly string[]): string[] {
  return addresses.flatMap((address) => /^\/dns(?:4|6|addr)?\/([^/]+)/.exec(address)?.[1]?.toLowerCase() ?? [])
}

/** The TCP ports in multiaddrs. */
export function portsIn(addresses: readonly string[]): string[] {
  return addresses.flatMap((address) => /\/tcp\/(\d+)/.exec(address)?.[1] ?? [])
}

/** Of all addresses of a relay, browsers dial WebSockets only. */
function isForBrowsers(address: Multiaddr): boolean {
  return WebSockets.matches(address) || WebSocketsSecure.matches(address)
}

/** The name by which a page reached this server leads to its relay too. */
function hostPart(name: string, listensOn: string): string {
  // A listener on 127.0.0.1 does not listen on ::1, and a browser may take localhost for either.
  const host = name === 'localhost' || name === '' ? localhostOf(listensOn) : name
  if (isIP(host) === 0) return `/dns4/${host}`
  return isIPv4(host) ? `/ip4/${host}` : `/ip6/${host}`
}

function localhostOf(listensOn: string): string {
  return isLoopback(listensOn) ? listensOn : '127.0.0.1'
}

/** The name in a Host header, without port and brackets; empty if it is no name. */
function nameOf(host: string): string {
  const url = `http://${host}/`
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : ''
}
