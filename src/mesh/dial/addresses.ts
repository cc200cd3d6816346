import type { Connection } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { Circuit, WebRTC, WebRTCDirect } from '@multiformats/multiaddr-matcher'
import { GliaError } from '../../glia/errors.ts'

/**
 * Whether a connection goes straight to its peer. Its address tells, not its limits: over a relay that sets no limits a
 * relayed connection looks like a direct one.
 */
export function isDirect({ remoteAddr }: Connection): boolean {
  return isWebRtcAddress(remoteAddr) || !Circuit.matches(remoteAddr)
}

export function isWebRtc({ remoteAddr }: Connection): boolean {
  return isWebRtcAddress(remoteAddr)
}

export function isWebRtcAddress(address: Multiaddr): boolean {
  return WebRTC.matches(address)
}

/** Whether it is the address of a native peer that listens for WebRTC. Such a dial needs no relay. */
export function isWebRtcDirect(address: Multiaddr): boolean {
  return WebRTCDirect.matches(address)
}

/** @throws {GliaError} ERR_BAD_ADDRESS if the text is no multiaddr. */
export function readMultiaddr(text: string): Multiaddr {
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
  const [relay, rest] = address.toString().split('/p2p-circuit')
  return rest === undefined || !relay ? undefined : multiaddr(relay)
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
