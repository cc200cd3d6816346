import { pureJsCrypto } from '@libp2p/noise'
import { afterEach, expect, test, vi } from 'vitest'
import { browserNoise } from './noise-keys.ts'

afterEach(() => vi.restoreAllMocks())

test('pairs from the browser are as Noise makes them, also when none lies ready, and each is given once', async () => {
  const crypto = await browserNoise()
  const pairs = Array.from({ length: 9 }, () => crypto.generateX25519KeyPair())
  for (const { publicKey, privateKey } of pairs) {
    const seed = privateKey.subarray()
    expect(seed).toHaveLength(32)
    expect(pureJsCrypto.generateX25519KeyPairFromSeed(seed).publicKey).toEqual(publicKey)
  }
  expect(new Set(pairs.map(({ publicKey }) => String(publicKey))).size).toBe(pairs.length)
})

test('a browser without X25519 uses the code of Noise', async () => {
  vi.spyOn(globalThis.crypto.subtle, 'generateKey').mockRejectedValue(new DOMException('unknown', 'NotSupportedError'))
  expect(await browserNoise()).toBe(pureJsCrypto)
})
