import { identify } from '@libp2p/identify'
import { PING_PROTOCOL } from '@libp2p/ping'
import { expect, test } from 'vitest'
import { echo, makeProc, send } from '../../glia/test-peer.ts'
import { readAll } from '../../glia/stream/web-streams.ts'
import { glia, join, plainClient, relay } from '../test-nodes.ts'

async function pair() {
  const { proc } = makeProc(() => echo)
  const [hub, ada, bob] = await Promise.all([relay(), glia(), glia([proc])])
  await join(hub, ada, bob)
  return { hub, ada, bob, address: bob.addressOf(proc) }
}

test('a peer is looked at: its connection, streams, bytes, and why it is relayed', async () => {
  const { ada, bob, address } = await pair()
  await ada.mesh.connect(bob.peerId)
  const before = await ada.mesh.detailOf(bob.peerId)
  expect(before.connections).toMatchObject([{ isDirect: false, isInbound: false, isLimited: false }])
  // Node has no RTCPeerConnection.
  expect(before.whyRelayed).toEqual({ kind: 'no-webrtc-here' })
  const stream = ada.router.open(address, { caller: 'browser' })
  await Promise.all([readAll(stream), send(stream, new Uint8Array(100_000))])
  const after = await ada.mesh.detailOf(bob.peerId)
  expect(after.sentBytes - before.sentBytes).toBeGreaterThan(100_000)
  expect(after.receivedBytes - before.receivedBytes).toBeGreaterThan(100_000)
  expect(after.connections[0]?.streams.some(({ protocol }) => protocol === '/glia/0.1.0')).toBe(true)
})

test('a ping measures a connected peer, and says what is wrong with another', async () => {
  const { ada, bob } = await pair()
  const never = new AbortController().signal
  await expect(ada.mesh.ping(bob.peerId, never)).rejects.toMatchObject({
    code: 'ERR_UNREACHABLE',
    message: `${bob.peerId} is not connected.`,
  })
  await ada.mesh.connect(bob.peerId)
  expect(await ada.mesh.ping(bob.peerId, never)).toBeGreaterThan(0)
})

test('a connected peer that is frozen gives no answer, and stays connected', async () => {
  const [ada, frozen] = await Promise.all([
    glia(),
    plainClient({ addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] }, services: { identify: identify() } }),
  ])
  await frozen.handle(PING_PROTOCOL, () => undefined)
  const peer = await ada.mesh.connect(frozen.getMultiaddrs()[0]?.toString() ?? '')
  await expect(ada.mesh.ping(peer, new AbortController().signal)).rejects.toMatchObject({
    code: 'ERR_UNREACHABLE',
    message: `${peer} does not answer.`,
  })
  expect(ada.mesh.isConnected(peer)).toBe(true)
}, 15_000)

test('a peer that left was last seen when its connection ended', async () => {
  const { ada, bob } = await pair()
  await ada.mesh.connect(bob.peerId)
  expect((await ada.mesh.detailOf(bob.peerId)).lastSeen).toBeUndefined()
  const began = Date.now()
  await bob.mesh.stop()
  await expect.poll(async () => (await ada.mesh.detailOf(bob.peerId)).lastSeen).toBeGreaterThanOrEqual(began)
  const { connections, whyRelayed } = await ada.mesh.detailOf(bob.peerId)
  expect([connections, whyRelayed]).toEqual([[], undefined])
})
