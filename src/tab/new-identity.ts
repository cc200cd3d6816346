import { base58btc } from 'multiformats/bases/base58'
import type { Identity } from '../mesh/identity.ts'

/** What libp2p writes before keys: https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md#keys. */
const PRIVATE_KEY = [0x08, 0x01, 0x12, 0x40] // protobuf: type Ed25519, 64 bytes
const PUBLIC_KEY = [0x08, 0x01, 0x12, 0x20] // protobuf: type Ed25519, 32 bytes
/** A peer id is a multihash of the public key: `identity`, 36 bytes. */
const PEER_ID = [0x00, 0x24]
/** Of the 48 bytes of PKCS 8, the key are the last 32 (RFC 8410); RFC 5958 lets more follow. */
const PKCS8_HEAD = 16
const PKCS8_BYTES = 48

/**
 * A new identity in the form that libp2p reads, made without it: the first call of a first visit does not wait for its keys. Browsers
 * without Ed25519 (before Chromium 137, Firefox 129, Safari 17) have libp2p make it all the same.
 */
export async function newIdentity(): Promise<Identity> {
  const keys = await generateKeys()
  const pkcs8 = keys && (await crypto.subtle.exportKey('pkcs8', keys.privateKey))
  if (!keys || pkcs8?.byteLength !== PKCS8_BYTES) return (await import('../mesh/identity.ts')).newIdentity()
  const raw = await crypto.subtle.exportKey('raw', keys.publicKey)
  const publicKey = new Uint8Array(raw)
  return {
    peerId: base58btc.baseEncode(Uint8Array.from([...PEER_ID, ...PUBLIC_KEY, ...publicKey])),
    privateKey: Uint8Array.from([...PRIVATE_KEY, ...new Uint8Array(pkcs8, PKCS8_HEAD), ...publicKey]),
  }
}

async function generateKeys(): Promise<CryptoKeyPair | undefined> {
  try {
    return await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === 'NotSupportedError') return undefined
    throw thrown
  }
}
