/**
 * The stream of the roster, `/glia/roster/0.1.0`: protobuf fields of bytes, one after the other, without a frame around
 * them. A reader skips fields that it does not know. SPEC.md has the protocol.
 */
import { isPeerId } from '../../glia/peer-id.ts'
import { writeField } from './fields.ts'

/** An announcement: to the relay, of the sender; from the relay, of a peer that came or changed. */
export const HERE = 0x0a
/** From the relay: the peer id, as text, of a peer of which it tells no more. */
export const GONE = 0x12
/** From the relay: the number of peers that it knows, in four bytes, the high one first. */
export const TOTAL = 0x1a
/** To the relay: the peer id, as text, of a peer whose addresses are wanted. */
export const WANTED = 0x22
/** From the relay: the announcement of a wanted peer. */
export const FOUND = 0x2a
/** From the relay: the peer id, as text, of a wanted peer that it does not know. */
export const UNKNOWN = 0x32

export function here(announcement: Uint8Array): number[] {
  return writeField(HERE, announcement)
}

export function gone(peer: string): number[] {
  return named(GONE, peer)
}

export function wanted(peer: string): number[] {
  return named(WANTED, peer)
}

export function found(announcement: Uint8Array): number[] {
  return writeField(FOUND, announcement)
}

export function unknown(peer: string): number[] {
  return named(UNKNOWN, peer)
}

function named(tag: number, peer: string): number[] {
  return writeField(tag, new TextEncoder().encode(peer))
}

/** The peer id in a field. @throws {Error} if it is none */
export function readPeer(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes)
  if (!isPeerId(text)) throw new Error('a peer id that is none')
  return text
}

export function total(count: number): number[] {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, count)
  return writeField(TOTAL, bytes)
}

/** @throws {Error} if it is not four bytes */
export function readTotal({ buffer, byteOffset, length }: Uint8Array): number {
  if (length !== 4) throw new Error('the number of peers is not four bytes')
  return new DataView(buffer, byteOffset).getUint32(0)
}
