import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import { BrowserKey } from './browser-key.ts'

/** Who a peer is, in the stored form. The id is stored beside the key, so it is known without loading libp2p. */
export interface Identity {
  /** Base58btc, `12D3Koo…`. */
  peerId: string
  /** libp2p's protobuf of the Ed25519 private key; or a key in the browser's keeping, which nobody can read. */
  privateKey: Uint8Array<ArrayBuffer> | CryptoKey
}

/** An identity whose key can be written to a file. */
export interface PortableIdentity extends Identity {
  privateKey: Uint8Array<ArrayBuffer>
}

export async function newIdentity(): Promise<PortableIdentity> {
  const key = await generateKeyPair('Ed25519')
  return { peerId: peerIdFromPrivateKey(key).toString(), privateKey: privateKeyToProtobuf(key).slice() }
}

/** The key in libp2p's form. */
export function keyOf({ peerId, privateKey }: Identity): PrivateKey {
  if (privateKey instanceof Uint8Array) return privateKeyFromProtobuf(privateKey)
  const { publicKey } = peerIdFromString(peerId)
  if (publicKey?.type !== 'Ed25519') throw new TypeError(`${peerId} is not the id of an Ed25519 key.`)
  return new BrowserKey(privateKey, publicKey)
}
