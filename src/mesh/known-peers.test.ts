import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, test } from 'vitest'
import { KnownPeers } from './known-peers.ts'

async function peer(): Promise<PeerId> {
  return peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
}

test('a peer is new once', async () => {
  const known = new KnownPeers()
  const id = await peer()
  expect(known.heard(id, [])).toBe(true)
  expect(known.heard(id, [])).toBe(false)
  expect(known.size).toBe(1)
})

test('who is not heard of is forgotten, and who is stays', async () => {
  const known = new KnownPeers()
  const [quiet, loud] = [await peer(), await peer()]
  known.heard(quiet, [], 0)
  known.heard(loud, [], 0)
  known.heard(loud, [], 900)
  expect(known.forgetOlderThan(500, 1000)).toBe(true)
  expect(known.get(quiet.toString())).toBeUndefined()
  expect(known.get(loud.toString())).toBeDefined()
  expect(known.forgetOlderThan(500, 1000)).toBe(false)
})

test('made-up peers do not pile up: the one not heard of for longest goes', async () => {
  const known = new KnownPeers()
  const real = await peer()
  known.heard(real, [])
  for (let i = 0; i < 1200; i++) {
    known.heard({ toString: () => `made-up-${i}` } as PeerId, [])
    if (i % 100 === 0) known.heard(real, [])
  }
  expect(known.size).toBe(1000)
  expect(known.get(real.toString())).toBeDefined()
})
