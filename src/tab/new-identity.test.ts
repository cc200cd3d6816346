import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { afterEach, expect, test, vi } from 'vitest'
import { keyOf, newIdentity as newPortable } from '../mesh/libp2p/identity.ts'
import { newIdentity, sealed } from './new-identity.ts'

afterEach(() => void vi.restoreAllMocks())

const message = new TextEncoder().encode('hello')

test('libp2p signs with it, and gives it the same peer id', async () => {
  const identity = await newIdentity()
  const key = keyOf(identity)
  expect(key.type).toBe('Ed25519')
  expect(peerIdFromPrivateKey(key).toString()).toBe(identity.peerId)
  expect(await key.publicKey.verify(message, await key.sign(message))).toBe(true)
})

test('nobody can read the private key', async () => {
  const identity = await newIdentity()
  const { privateKey } = identity
  if (privateKey instanceof Uint8Array) throw new Error('the key is bytes')
  expect(privateKey.extractable).toBe(false)
  for (const format of ['pkcs8', 'jwk', 'raw'] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await expect(crypto.subtle.exportKey(format as 'jwk', privateKey)).rejects.toThrow(DOMException)
  }
  expect(() => keyOf(identity).raw).toThrow('cannot be read')
})

test('each is another one', async () => {
  const [one, other] = await Promise.all([newIdentity(), newIdentity()])
  expect(one.peerId).not.toBe(other.peerId)
  expect(keyOf(one).equals(keyOf(other))).toBe(false)
  expect(keyOf(one).equals(keyOf(one))).toBe(true)
})

test('a browser without Ed25519 has libp2p make it', async () => {
  vi.spyOn(crypto.subtle, 'generateKey').mockRejectedValueOnce(new DOMException('no', 'NotSupportedError'))
  const identity = await newIdentity()
  expect(identity.privateKey).toBeInstanceOf(Uint8Array)
  expect(peerIdFromPrivateKey(keyOf(identity)).toString()).toBe(identity.peerId)
})

test('an identity of bytes is sealed, and stays the same peer', async () => {
  const before = await newPortable()
  const after = await sealed(before)
  if (!after) throw new Error('it was not sealed')
  expect(after.privateKey).not.toBeInstanceOf(Uint8Array)
  expect(after.peerId).toBe(before.peerId)
  const signature = await keyOf(after).sign(message)
  expect(await keyOf(before).publicKey.verify(message, signature)).toBe(true)
  expect(await sealed(after)).toBeUndefined()
  vi.spyOn(crypto.subtle, 'importKey').mockRejectedValueOnce(new DOMException('no', 'NotSupportedError'))
  expect(await sealed(before)).toBeUndefined()
})
