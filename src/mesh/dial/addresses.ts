import type { Connection, Libp2p, PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { Circuit, WebRTC, WebRTCDirect } from '@multiformats/multiaddr-matcher'
import { GliaError } from '../../glia/errors.ts'
import { remembered } from '../../glia/remembered.ts'

/**
 * Whether a connection goes straight to its peer. Its address tells, not its limits: over a relay that sets no limits a
 * relayed connection looks like a direct one.
 */
export function isDirect(connection: Connection): boolean {
  return kindOf(connection) !== 'circuit'
}

export function isWebRtc(connection: Connection): boolean {
  return kindOf(connection) === 'WebRTC'
}

/** The open connections to a peer. */
export function openConnections(libp2p: Pick<Libp2p, 'getConnections'>, peer: string): Connection[] {
  return libp2p.getConnections(peerIdOf(peer)).filter(({ status }) => status === 'open')
}

/** @throws {Error} if the text is no peer id. */
export const peerIdOf = remembered<PeerId>(peerIdFromString)

type Kind = 'WebRTC' | 'circuit' | 'other'

/** The address of a connection never changes, and each call asks. */
const kinds = new WeakMap<Connection, Kind>()

function kindOf(connection: Connection): Kind {
  const known = kinds.get(connection)
  if (known) return known
  const { remoteAddr } = connection
  const kind = isWebRtcAddress(remoteAddr) ? 'WebRTC' : Circuit.matches(remoteAddr) ? 'circuit' : 'other'
  kinds.set(connection, kind)
  return kind
}

export function isWebRtcAddress(address: Multiaddr): boolean {
  return WebRTC.matches(address)
}

/** Whether it is the address of a native peer that listens for WebRTC. Such a dial needs no relay. */
export function isWebRtcDirect(address: Multiaddr): boolean {
  return WebRTCDirect.matches(address)
}

/** @throws {GliaError} ERR_BAD_ADDRESS if the text is no multiaddr, or is cut off. */
export function readMultiaddr(text: string): Multiaddr {
  const address = parse(text)
  const components = address.getComponents()
  if (components.at(-1)?.name === 'p2p-circuit' || components.some(({ name, value }) => name === 'p2p' && !isId(value)))
    throw new GliaError('ERR_BAD_ADDRESS', `“${shorten(text)}” is not whole: a peer id in it is missing or cut off.`)
  return address
}

/** Whether libp2p takes the text for a peer id. A multiaddr may have any. */
function isId(text: string | undefined): boolean {
  try {
    return peerIdOf(text ?? '').toString() !== ''
  } catch {
    return false
  }
}

function parse(text: string): Multiaddr {
  try {
    return multiaddr(text.trim())
  } catch (cause) {
    throw new GliaError(
      'ERR_BAD_ADDRESS',
      `“${shorten(text)}” is not a multiaddr, such as /dns4/example.org/tcp/443/wss/p2p/12D3…`,
      {
        cause,
      },
    )
  }
}

/** The peer to which an address leads: the last of its peer ids. */
export function peerOf(address: Multiaddr): string | undefined {
  return address.getComponents().findLast(({ name }) => name === 'p2p')?.value
}

/** The peer at the host that is dialled: for a relayed address, the relay. */
export function peerAt(address: Multiaddr): string | undefined {
  return address.getComponents().find(({ name }) => name === 'p2p')?.value
}

/** The address with the peer's id at its end. */
export function withPeer(address: Multiaddr, peer: string): Multiaddr {
  return address.getComponents().at(-1)?.name === 'p2p' ? address : address.encapsulate(`/p2p/${peer}`)
}

/** The relay's part of a relayed address. */
export function relayOf(address: Multiaddr): Multiaddr | undefined {
  // Not by its text: in an address that came as bytes a name may have a slash.
  const components = address.getComponents()
  const circuit = components.findIndex(({ name }) => name === 'p2p-circuit')
  return circuit > 0 ? multiaddr(components.slice(0, circuit)) : undefined
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
