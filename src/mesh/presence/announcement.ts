import { publicKeyFromProtobuf } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { isWebRtcAddress } from '../dial/addresses.ts'
import { MAX_ANNOUNCED_ADDRESSES, MAX_ANNOUNCEMENT_BYTES } from '../limits.ts'
import { readField, writeField } from './fields.ts'

/** What a peer tells about itself. */
export interface Announcement {
  readonly id: PeerId
  readonly addresses: readonly Multiaddr[]
}

/** Fields 1 and 2 of the message, with the wire type of bytes. */
const PUBLIC_KEY = 0x0a
const ADDRESS = 0x12

/**
 * An announcement as bytes, in the protobuf form of @libp2p/pubsub-peer-discovery: `bytes publicKey = 1; repeated bytes
 * addrs = 2`. Addresses past the limit are left out, those of this machine first.
 */
export function writeAnnouncement(publicKey: Uint8Array, addresses: readonly Multiaddr[]): Uint8Array {
  // The WebRTC address of a peer follows from the address over its relay.
  const useful = addresses.filter((address) => !isWebRtcAddress(address))
  const sorted = [...useful.filter((address) => !isLocal(address)), ...useful.filter(isLocal)]
  const parts = writeField(PUBLIC_KEY, publicKey)
  for (const { bytes } of sorted.slice(0, MAX_ANNOUNCED_ADDRESSES)) {
    const part = writeField(ADDRESS, bytes)
    if (parts.length + part.length <= MAX_ANNOUNCEMENT_BYTES) parts.push(...part)
  }
  return Uint8Array.from(parts)
}

/** Reads an announcement. @throws {Error} if it is too large or not well formed. */
export function readAnnouncement(data: Uint8Array): Announcement {
  if (data.length > MAX_ANNOUNCEMENT_BYTES) throw new Error('the announcement is too large')
  let publicKey: Uint8Array | undefined
  const addresses: Uint8Array[] = []
  for (let at = 0; at < data.length;) {
    const field = readField(data, at)
    if (!field) throw new Error('the announcement ends in the middle')
    if (field.tag === PUBLIC_KEY) publicKey = field.bytes
    else if (field.tag === ADDRESS) addresses.push(field.bytes)
    else throw new Error('the announcement has an unknown field')
    at = field.end
  }
  if (!publicKey) throw new Error('the announcement has no public key')
  if (addresses.length > MAX_ANNOUNCED_ADDRESSES) throw new Error('the announcement has too many addresses')
  return {
    id: peerIdFromPublicKey(publicKeyFromProtobuf(publicKey)),
    addresses: addresses.map((each) => multiaddr(each)),
  }
}

function isLocal(address: Multiaddr): boolean {
  return /^\/(ip4\/127\.|ip6\/::1\/)/.test(address.toString())
}
