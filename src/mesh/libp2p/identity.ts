import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import { BrowserKey } from './browser-key.ts'

/** Who a peer is, in the form that is kept: with the id beside the key, it can be told without loading libp2p. */
export interface Identity {
  /** Base58btc, `12D3Koo…`. */
  peerId: string
  /** libp2p's protobuf of the Ed25519 private key; or the key itself, which the browser keeps and gives to nobody. */
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

/** The key as libp2p wants it. */
export function keyOf({ peerId, privateKey }: Identity): PrivateKey {
  if (privateKey instanceof Uint8Array) return privateKeyFromProtobuf(privateKey)
  const { publicKey } = peerIdFromString(peerId)
  if (publicKey?.type !== 'Ed25519') throw new TypeError(`${peerId} is not the id of an Ed25519 key.`)
  return new BrowserKey(privateKey, publicKey)
}
