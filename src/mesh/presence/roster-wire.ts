/**
 * The stream of the roster, `/glia/roster/0.1.0`: protobuf fields of bytes, one after the other, without a frame around
 * them. A reader skips fields that it does not know. SPEC.md has the protocol.
 */
import { isPeerId } from '../../glia/peer-id.ts'
import { cleanName, MAX_NAME_BYTES } from '../../glia/peer-name.ts'
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
/** To the relay: the name that the sender announces. Empty: it has none any more. */
export const NAME = 0x3a
/** From the relay: a peer id, a space, and the name that this peer has announced. */
export const NAMED = 0x42
/** From the relay: for how many further peers it has room, in four bytes, the high one first. */
export const ROOM = 0x4a

export function here(announcement: Uint8Array): number[] {
  return writeField(HERE, announcement)
}

export function gone(peer: string): number[] {
  return textField(GONE, peer)
}

export function wanted(peer: string): number[] {
  return textField(WANTED, peer)
}

export function found(announcement: Uint8Array): number[] {
  return writeField(FOUND, announcement)
}

export function unknown(peer: string): number[] {
  return textField(UNKNOWN, peer)
}

export function nameIs(name: string): number[] {
  return textField(NAME, name)
}

export function named(peer: string, name: string): number[] {
  return textField(NAMED, `${peer} ${name}`)
}

function textField(tag: number, text: string): number[] {
  return writeField(tag, new TextEncoder().encode(text))
}

/** The peer id in a field. @throws {Error} if it is none */
export function readPeer(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes)
  if (!isPeerId(text)) throw new Error('a peer id that is none')
  return text
}

/** The name in a field, cleaned. @throws {Error} if it is too long or no UTF-8 */
export function readName(bytes: Uint8Array): string {
  if (bytes.length > MAX_NAME_BYTES) throw new Error('a name is too long')
  return cleanName(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
}

/** @throws {Error} if it is not a peer id, a space and a name */
export function readNamed(bytes: Uint8Array): { peer: string; name: string } {
  const space = bytes.indexOf(0x20)
  return { peer: readPeer(bytes.subarray(0, Math.max(space, 0))), name: readName(bytes.subarray(space + 1)) }
}

export function total(count: number): number[] {
  return countField(TOTAL, count)
}

export function room(count: number): number[] {
  return countField(ROOM, count)
}

function countField(tag: number, count: number): number[] {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, count)
  return writeField(tag, bytes)
}

/** @throws {Error} if it is not four bytes */
export function readCount({ buffer, byteOffset, length }: Uint8Array): number {
  if (length !== 4) throw new Error('a number of peers is not four bytes')
  return new DataView(buffer, byteOffset).getUint32(0)
}
