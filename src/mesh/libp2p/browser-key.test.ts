import { publicKeyFromRaw } from '@libp2p/crypto/keys'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { expect, test } from 'vitest'
import { echo, makeProc, send, text } from '../../glia/test-peer.ts'
import { readAll } from '../../glia/stream/web-streams.ts'
import type { Identity } from './identity.ts'
import { glia, join, relay } from '../test-nodes.ts'

async function sealedIdentity(): Promise<Identity> {
  const keys = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])
  const publicKey = publicKeyFromRaw(new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey)))
  return { peerId: peerIdFromPublicKey(publicKey).toString(), privateKey: keys.privateKey }
}

test('peers whose keys nobody can read shake hands, announce themselves, reserve, and call each other', async () => {
  const { proc } = makeProc(() => echo)
  const [hub, one, other] = await Promise.all([relay(), sealedIdentity(), sealedIdentity()])
  const [caller, callee] = await Promise.all([glia([], {}, one), glia([proc], {}, other)])
  await join(hub, caller, callee)
  const stream = caller.router.open(callee.addressOf(proc), { caller: 'browser' })
  await send(stream, 'hi')
  expect(text(await readAll(stream))).toBe('hi')
  // Gossip and identify are signed: a peer that is not verified is not listed as one with processes.
  await expect
    .poll(() => caller.mesh.peers().find(({ peerId }) => peerId === callee.peerId)?.processes, { timeout: 10_000 })
    .toBe(true)
})
