import { privateKeyFromProtobuf } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { afterEach, expect, test, vi } from 'vitest'
import { newIdentity } from './new-identity.ts'

afterEach(() => void vi.restoreAllMocks())

test('libp2p reads it, signs with it, and gives it the same peer id', async () => {
  const { peerId, privateKey } = await newIdentity()
  const key = privateKeyFromProtobuf(privateKey)
  expect(key.type).toBe('Ed25519')
  expect(peerIdFromPrivateKey(key).toString()).toBe(peerId)
  const message = new TextEncoder().encode('hello')
  expect(await key.publicKey.verify(message, await key.sign(message))).toBe(true)
})

test('each is another one', async () => {
  const [one, other] = await Promise.all([newIdentity(), newIdentity()])
  expect(one.peerId).not.toBe(other.peerId)
})

test('a browser without Ed25519 has libp2p make it', async () => {
  vi.spyOn(crypto.subtle, 'generateKey').mockRejectedValueOnce(new DOMException('no', 'NotSupportedError'))
  const { peerId, privateKey } = await newIdentity()
  expect(peerIdFromPrivateKey(privateKeyFromProtobuf(privateKey)).toString()).toBe(peerId)
})
