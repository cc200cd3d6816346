import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { echo, makeProc, send, text } from '../glia/test-peer.ts'
import { readAll } from '../glia/stream/web-streams.ts'
import { arrivedContext } from '../glia/call-context.ts'
import { newIdentity } from './libp2p/identity.ts'
import { LISTING_PROTOCOL, SESSION_PROTOCOL } from './limits.ts'
import { glia, join, plainClient, relay, type TestNode, whereIs } from './test-nodes.ts'

interface Blocker extends TestNode {
  block(peer: string): void
  unblock(peer: string): void
}

/** A peer that can block others. */
async function blocker(): Promise<Blocker & { proc: ReturnType<typeof makeProc>['proc'] }> {
  const blocked = new Set<string>()
  const { proc } = makeProc(() => echo)
  const node = await glia([proc], { listen: ['/ip4/127.0.0.1/tcp/0'] }, undefined, {
    isBlocked: (id) => blocked.has(id),
  })
  const change = (): void => node.mesh.peopleChanged()
  return {
    ...node,
    proc,
    block: (peer) => {
      blocked.add(peer)
      change()
    },
    unblock: (peer) => {
      blocked.delete(peer)
      change()
    },
  }
}

async function call(from: TestNode, address: ReturnType<TestNode['addressOf']>): Promise<string> {
  const stream = from.router.open(address, { caller: 'browser' })
  const [reply] = await Promise.all([readAll(stream), send(stream, 'hi')])
  return text(reply)
}

async function pair() {
  const { proc } = makeProc(() => echo)
  const [hub, ada, bob] = await Promise.all([relay(), blocker(), glia([proc])])
  await join(hub, ada, bob)
  return { hub, ada, bob, bobs: bob.addressOf(proc), adas: ada.addressOf(ada.proc) }
}

test('blocking ends the connections of a peer, and calls in both directions are refused', async () => {
  const { ada, bob, adas, bobs } = await pair()
  expect(await call(bob, adas)).toBe('hi')
  expect(await call(ada, bobs)).toBe('hi')
  ada.block(bob.peerId)
  expect(ada.mesh.isConnected(bob.peerId)).toBe(false)
  await expect(call(ada, bobs)).rejects.toMatchObject({
    code: 'ERR_DENIED',
    message: expect.stringContaining('You have blocked'),
  })
  await expect(ada.mesh.connect(bob.peerId)).rejects.toMatchObject({ code: 'ERR_DENIED' })
  await expect(ada.mesh.listingOf(bob.peerId, AbortSignal.timeout(5000))).rejects.toMatchObject({ code: 'ERR_DENIED' })
  await expect(call(bob, adas)).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
  expect(ada.mesh.isConnected(bob.peerId)).toBe(false)
}, 30_000)

test('what is under way with a blocked peer ends, and the peer can come back when it is unblocked', async () => {
  const { ada, bob, adas } = await pair()
  const stream = bob.router.open(adas, { caller: 'browser' })
  await stream.write(new TextEncoder().encode('hello'))
  expect(text((await stream.read()) ?? new Uint8Array())).toBe('hello')
  ada.block(bob.peerId)
  await expect(stream.read()).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_/) })
  ada.unblock(bob.peerId)
  expect(await call(bob, adas)).toBe('hi')
}, 30_000)

test('a blocked peer that dials, directly or over a relay, gets no connection and no stream', async () => {
  const [hub, ada] = await Promise.all([relay(), blocker()])
  await join(hub, ada)
  const client = await plainClient()
  ada.block(client.peerId.toString())
  for (const way of [whereIs(ada), `${whereIs(hub)}/p2p-circuit/p2p/${ada.peerId}`]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const outcome = await client
      .dial(multiaddr(way))
      .then(
        // The dialler may see its side open before the other side has refused. No stream comes of it.
        (connection) =>
          connection.newStream([SESSION_PROTOCOL, LISTING_PROTOCOL], { signal: AbortSignal.timeout(3000) }),
        (thrown: unknown) => thrown,
      )
      .catch((thrown: unknown) => thrown)
    expect(outcome).toBeInstanceOf(Error)
    expect(ada.mesh.isConnected(client.peerId.toString())).toBe(false)
  }
}, 30_000)

test('a call that another peer makes for the blocked one is refused', async () => {
  const { ada, bob, adas } = await pair()
  const eve = (await newIdentity()).peerId
  const callFor = async (peer: string): Promise<string> => {
    const context = arrivedContext({ onBehalfOf: [peer] })
    const stream = bob.router.open(adas, { caller: 'browser', context })
    const [reply] = await Promise.all([readAll(stream), send(stream, 'hi')])
    return text(reply)
  }
  expect(await callFor(eve)).toBe('hi')
  ada.block(eve)
  await expect(callFor(eve)).rejects.toMatchObject({ code: 'ERR_DENIED' })
})

test('only the blocked peer is refused', async () => {
  const { hub, ada, bob, adas } = await pair()
  const carol = await glia()
  await join(hub, carol)
  ada.block(bob.peerId)
  expect(await call(carol, adas)).toBe('hi')
})
