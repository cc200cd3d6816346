import { isIP, isIPv4 } from 'node:net'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { WebSockets, WebSocketsSecure } from '@multiformats/multiaddr-matcher'
import { PROTOCOL } from '../../glia/address.ts'
import { withPeer } from '../../mesh/dial/addresses.ts'
import type { IceServer } from '../../mesh/dial/ice-server.ts'
import { isLoopback } from '../doors/loopback.ts'

/** Where a page learns which relay its host has. */
export const WELL_KNOWN_PATH = '/.well-known/glia.json'

export interface WellKnownInit {
  readonly peerId: string
  /** Public multiaddrs; empty: pages reach the relay where they reached this server. */
  readonly announce: readonly string[]
  /** Address that libp2p over WebSocket listens on, and its TCP port. */
  readonly host: string
  readonly wsPort: number
  readonly iceServers: readonly IceServer[]
}

/**
 * What pages are told: the protocol's version, who the relay is, and where browsers can dial it.
 *
 * @param host the request's Host header
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

/** Browsers dial WebSockets and nothing else of what a relay listens on. */
function isForBrowsers(address: Multiaddr): boolean {
  return WebSockets.matches(address) || WebSocketsSecure.matches(address)
}

/** The name by which a page reached this server leads to its relay too. */
function hostPart(name: string, listensOn: string): string {
  // Listening on 127.0.0.1 is not listening on ::1, and a browser may take localhost for either.
  const host = name === 'localhost' || name === '' ? localhostOf(listensOn) : name
  if (isIP(host) === 0) return `/dns4/${host}`
  return isIPv4(host) ? `/ip4/${host}` : `/ip6/${host}`
}

function localhostOf(listensOn: string): string {
  return isLoopback(listensOn) ? listensOn : '127.0.0.1'
}

/** The name in a Host header, without its port and brackets; empty if it is no name. */
function nameOf(host: string): string {
  const url = `http://${host}/`
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : ''
}
