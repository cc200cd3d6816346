import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'

/** Where a peer's key is kept. */
export interface KeyStore {
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>
  write(key: Uint8Array<ArrayBuffer>): Promise<void>
}

export interface Identity {
  privateKey: PrivateKey
  /** Base58btc, `12D3Koo…`. */
  peerId: string
}

/** The Ed25519 key that is kept, or a new one, which is then kept. */
export async function loadIdentity(store: KeyStore): Promise<Identity> {
  const kept = await store.read()
  const privateKey = kept ? privateKeyFromProtobuf(kept) : await generateKeyPair('Ed25519')
  if (!kept) await store.write(privateKeyToProtobuf(privateKey).slice())
  return { privateKey, peerId: peerIdFromPrivateKey(privateKey).toString() }
}
