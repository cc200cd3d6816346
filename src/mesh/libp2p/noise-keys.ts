import { type ICryptoInterface, pureJsCrypto } from '@libp2p/noise'

type KeyPair = ReturnType<ICryptoInterface['generateX25519KeyPair']>

/** Pairs that lie ready: the node itself takes one, and each handshake takes one. */
const READY = 4
/** A private key in PKCS #8 (RFC 8410) is a head of fixed length, and then the key. */
const KEY_BYTES = 32

/**
 * Cryptography for Noise with key pairs from the browser. Noise asks for a pair synchronously, and its own code takes
 * 40 ms for the first one, as it fills its tables. So some pairs are made ahead, each for one use. When they are used up
 * before the browser has made others, and in browsers without X25519, Noise's own code makes them.
 */
export async function browserNoise(): Promise<ICryptoInterface> {
  const ready: KeyPair[] = []
  const make = async (): Promise<void> => {
    try {
      ready.push(await newKeyPair())
    } catch {
      // This browser has no X25519 (Chromium before 133, Firefox before 130).
    }
  }
  await Promise.all(Array.from({ length: READY }, make))
  if (ready.length === 0) return pureJsCrypto
  return {
    ...pureJsCrypto,
    generateX25519KeyPair: () => {
      void make()
      return ready.pop() ?? pureJsCrypto.generateX25519KeyPair()
    },
  }
}

async function newKeyPair(): Promise<KeyPair> {
  const made = await crypto.subtle.generateKey('X25519', true, ['deriveBits'])
  const [publicKey, privateKey] = await Promise.all([
    crypto.subtle.exportKey('raw', made.publicKey),
    crypto.subtle.exportKey('pkcs8', made.privateKey),
  ])
  return { publicKey: new Uint8Array(publicKey), privateKey: new Uint8Array(privateKey).slice(-KEY_BYTES) }
}
