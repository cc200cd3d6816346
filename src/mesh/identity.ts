import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'

/** Who a peer is, in the form that is kept: with the id beside the key, it can be told without loading libp2p. */
export interface Identity {
  /** Base58btc, `12D3Koo…`. */
  peerId: string
  /** libp2p's protobuf of the Ed25519 private key. */
  privateKey: Uint8Array<ArrayBuffer>
}

export async function newIdentity(): Promise<Identity> {
  const key = await generateKeyPair('Ed25519')
  return { peerId: peerIdFromPrivateKey(key).toString(), privateKey: privateKeyToProtobuf(key).slice() }
}
