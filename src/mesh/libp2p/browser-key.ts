import type { AbortOptions, Ed25519PrivateKey, Ed25519PublicKey } from '@libp2p/interface'

/** Bytes, or a list of them: the form in which libp2p gives what is to be signed. */
type Signed = Parameters<Ed25519PrivateKey['sign']>[0]

/**
 * A private key in the browser's keeping: it signs, and nobody can read it. libp2p 3.3 asks a key for its public half
 * and for signatures only (noise, identify and gossipsub sign with it).
 */
export class BrowserKey implements Ed25519PrivateKey {
  readonly type = 'Ed25519'
  readonly publicKey: Ed25519PublicKey
  readonly #key: CryptoKey

  constructor(key: CryptoKey, publicKey: Ed25519PublicKey) {
    this.#key = key
    this.publicKey = publicKey
  }

  /** @throws {TypeError} always. */
  get raw(): Uint8Array {
    throw new TypeError('This key is kept by the browser, and cannot be read.')
  }

  /** Whether the other key has the same public half. */
  equals(key: unknown): boolean {
    return key instanceof BrowserKey && this.publicKey.equals(key.publicKey)
  }

  async sign(data: Signed, { signal }: AbortOptions = {}): Promise<Uint8Array> {
    signal?.throwIfAborted()
    const signature = await crypto.subtle.sign('Ed25519', this.#key, data.slice())
    signal?.throwIfAborted()
    return new Uint8Array(signature)
  }
}
