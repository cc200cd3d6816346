import type { Connection } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { Circuit, WebRTC, WebRTCDirect } from '@multiformats/multiaddr-matcher'
import { GliaError } from '../../glia/errors.ts'

/**
 * Whether a connection goes straight to its peer. Told by its address, not by its limits: a relay that sets none would make
 * a relayed connection look like a direct one.
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

/** Whether it is the address of a native peer that listens for WebRTC: no relay is needed. */
export function isWebRtcDirect(address: Multiaddr): boolean {
  return WebRTCDirect.matches(address)
}

/** @throws {GliaError} ERR_BAD_ADDRESS if it is no multiaddr. */
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

/** The peer that an address leads to: the last of its peer ids. */
export function peerOf(address: Multiaddr): string | undefined {
  return address.getComponents().findLast(({ name }) => name === 'p2p')?.value
}

/** The peer at the host that an address is dialled at: of a relayed address its relay. */
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
