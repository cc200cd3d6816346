import { base58btc } from 'multiformats/bases/base58'
import type { Identity } from '../mesh/libp2p/identity.ts'

/** The bytes that libp2p writes before keys: https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md#keys. */
export const PRIVATE_KEY_HEAD = 4 // protobuf: type Ed25519, 64 bytes: the private and the public key
const PUBLIC_KEY = [0x08, 0x01, 0x12, 0x20] // protobuf: type Ed25519, 32 bytes
/** A peer id is a multihash of the public key: `identity`, 36 bytes. */
const PEER_ID = [0x00, 0x24]
/** PKCS 8 around the 32 bytes of an Ed25519 key (RFC 8410). */
export const PKCS8 = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20]
const KEY_BYTES = 32

/**
 * A new identity, made without libp2p, so the first call of a first visit does not wait for libp2p's chunk. The browser
 * keeps the private key: scripts of the origin can sign with it, and cannot take it away. In browsers without Ed25519
 * (before Chromium 137, Firefox 129, Safari 17), or that cannot store such a key, libp2p makes a key of bytes.
 */
export async function newIdentity(): Promise<Identity> {
  const keys = await unlessUnsupported(() => crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']))
  if (!keys || !isKeepable(keys.privateKey)) return (await import('../mesh/libp2p/identity.ts')).newIdentity()
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey))
  return {
    peerId: peerIdOf(publicKey),
    privateKey: keys.privateKey,
  }
}

/** @param publicKey 32 bytes of Ed25519. */
export function peerIdOf(publicKey: Uint8Array): string {
  return base58btc.baseEncode(Uint8Array.from([...PEER_ID, ...PUBLIC_KEY, ...publicKey]))
}

/**
 * Moves a key that an earlier version kept as bytes into the browser's keeping.
 * @returns undefined if it is there already, or this browser cannot.
 */
export async function sealed({ peerId, privateKey }: Identity): Promise<Identity | undefined> {
  if (!(privateKey instanceof Uint8Array)) return undefined
  const key = privateKey.subarray(PRIVATE_KEY_HEAD, PRIVATE_KEY_HEAD + KEY_BYTES)
  const pkcs8 = Uint8Array.from([...PKCS8, ...key])
  const imported = await unlessUnsupported(() => crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign']))
  return imported && isKeepable(imported) ? { peerId, privateKey: imported } : undefined
}

/** Whether IndexedDB can store the key. It copies as this function does. */
function isKeepable(key: CryptoKey): boolean {
  try {
    structuredClone(key)
    return true
  } catch {
    return false // DataCloneError
  }
}

async function unlessUnsupported<T>(make: () => Promise<T>): Promise<T | undefined> {
  try {
    return await make()
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === 'NotSupportedError') return undefined
    throw thrown
  }
}
