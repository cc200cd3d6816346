import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isDirect } from './addresses.ts'
import { CircuitLimits } from './circuit-limits.ts'
import { Reach, type ReachInit } from './reach.ts'
import { glia, join, plainClient, relay, type TestNode, whereIs } from '../test-nodes.ts'

/** A port that a stranger chose. It closes each connection at once, and counts them. */
let count = 0
const server = createServer((socket) => {
  count += 1
  socket.on('error', () => undefined).destroy()
})
let stranger: string
let address: Multiaddr

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stranger = peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()
  address = multiaddr(`/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}/p2p/${stranger}`)
})

afterAll(() => server.close())

// oxlint-disable-next-line require-yield -- it finds nothing
async function* nobodyKnows(): AsyncGenerator<never> {
  throw new Error('Nobody knows it.')
}

async function reach(init: Partial<ReachInit> = {}) {
  const libp2p = init.libp2p ?? (await plainClient())
  const found = new Reach({
    libp2p,
    limits: new CircuitLimits(() => false),
    relays: async () => [],
    announced: async () => [],
    lookUp: nobodyKnows,
    isUnknown: () => false,
    isNew: () => false,
    ...init,
  })
  return Object.assign(found, { libp2p })
}

const soon = (): AbortSignal => AbortSignal.timeout(10_000)

test('a peer that was only announced is looked for over relays, and its addresses are left alone until it is called', async () => {
  const found = await reach({ announced: async () => [address] })
  const before = count
  await expect(found.overRelays(stranger, soon())).rejects.toThrow('could not be reached')
  expect(count).toBe(before)
  await expect(found.connection(stranger, soon())).rejects.toThrow('could not be reached')
  expect(count).toBe(before + 1)
})

test('the end of a dial to an address that leads nobody knows where tells nothing by its time', async () => {
  const found = await reach({ announced: async () => [address], isUnknown: () => true })
  const before = count
  // The port is closed at once, and the attempt goes on.
  let isOver = false
  const call = found.connection(stranger, AbortSignal.timeout(1500)).finally(() => (isOver = true))
  call.catch(() => undefined)
  await expect.poll(() => count, { timeout: 5000 }).toBe(before + 1)
  expect(isOver).toBe(false)
  await expect(call).rejects.toThrow('timeout')
  expect(count).toBe(before + 1)
})

test('an address that was announced for a peer and leads to another is not dialled, and none is dialled twice', async () => {
  const before = count
  const other = peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()
  const found = await reach({ announced: async () => [address] })
  await expect(found.connection(other, soon())).rejects.toThrow('could not be reached')
  expect(count).toBe(before)
  const [bare] = address.toString().split('/p2p/')
  const twice = await reach({ announced: async () => [address, multiaddr(bare ?? '')] })
  await expect(twice.connection(stranger, soon())).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
  expect(count).toBe(before + 1)
})

test('a peer that was announced at this relay, and has left it, is said not to be joined to it', async () => {
  const libp2p = await plainClient()
  const self = libp2p.peerId.toString()
  const circuits = ['tcp/1/ws', 'tcp/2'].map((port) => `/ip4/127.0.0.1/${port}/p2p/${self}/p2p-circuit/p2p/${stranger}`)
  const found = await reach({ libp2p, announced: async () => circuits.map((text) => multiaddr(text)) })
  await expect(found.connection(stranger, soon())).rejects.toMatchObject({
    code: 'ERR_UNREACHABLE',
    message: `${stranger} could not be reached: it is not joined to this relay; no peer asked knows where it is.`,
  })
})

test('an answer of the DHT that leads there no more is followed by the next one', async () => {
  const there = await glia([], { listen: ['/ip4/127.0.0.1/tcp/0'] })
  const [port = ''] = address.toString().split('/p2p/')
  let asked = 0
  async function* lookUp() {
    for (const place of [`${port}/p2p/${there.peerId}`, whereIs(there), port]) {
      asked += 1
      yield [multiaddr(place)]
    }
  }
  const found = await reach({ lookUp })
  const connection = await found.connection(there.peerId, soon())
  expect(connection.remotePeer.toString()).toBe(there.peerId)
  // Nobody is asked further once the peer is connected.
  expect(asked).toBe(2)
})

test('calls of one peer share its dial, and one that gives up does not end it for the others', async () => {
  const callee = await glia([], { listen: ['/ip4/127.0.0.1/tcp/0'] })
  let dials = 0
  const found = await reach({
    relays: async () => {
      dials += 1
      return []
    },
    announced: async () => [multiaddr(whereIs(callee))],
  })
  const aborter = new AbortController()
  const [first, ...others] = [aborter.signal, soon(), soon()].map((signal) => found.connection(callee.peerId, signal))
  aborter.abort(new Error('enough'))
  await expect(first).rejects.toThrow('enough')
  const [one, other] = await Promise.all(others)
  expect(one).toBe(other)
  expect(found.libp2p.getConnections()).toEqual([one])
  expect(dials).toBe(1)
})

test('a newcomer that knows no way looks again until it is none any more', async () => {
  const callee = await glia([], { listen: ['/ip4/127.0.0.1/tcp/0'] })
  let looks = 0
  const late = await reach({
    isNew: () => looks < 3,
    announced: async () => (++looks < 3 ? [] : [multiaddr(whereIs(callee))]),
  })
  expect((await late.connection(callee.peerId, soon())).remotePeer.toString()).toBe(callee.peerId)
  let more = 2
  const never = await reach({ isNew: () => more-- > 0 })
  await expect(never.connection(callee.peerId, soon())).rejects.toThrow('no peer asked knows where it is')
  expect(more).toBe(-1)
})

test('a relay that is connected just now is waited for, as long as the caller waits', async () => {
  const found = await reach({ relays: () => new Promise(() => undefined) })
  const aborter = new AbortController()
  const calls = [found.connection(stranger, aborter.signal), found.overRelays(stranger, aborter.signal)]
  aborter.abort(new Error('enough'))
  for (const call of calls) await expect(call).rejects.toThrow('enough')
})

describe('over a relay', () => {
  /** A relay, a peer with a reservation there, and a way to it. */
  async function joined() {
    const [hub, callee] = await Promise.all([relay(), glia([], { listen: ['/ip4/127.0.0.1/tcp/0'] })])
    await join(hub, callee)
    const found = await reach({ relays: async () => [multiaddr(whereIs(hub))] })
    return { hub, callee, found }
  }

  const hostOf = (node: TestNode): string => /tcp\/(\d+)/.exec(whereIs(node))?.[1] ?? ''

  test('a peer is reached, and the connection is used again', async () => {
    const { callee, found } = await joined()
    const connection = await found.overRelays(callee.peerId, soon())
    expect(isDirect(connection)).toBe(false)
    expect(await found.connection(callee.peerId, soon())).toBe(connection)
    expect(await found.overRelays(callee.peerId, soon())).toBe(connection)
  })

  test('a direct connection counts before a relayed one, and one that was closed not at all', async () => {
    const { hub, callee, found } = await joined()
    expect(found.existing(callee.peerId)).toBeUndefined()
    const relayed = await found.connection(callee.peerId, soon())
    const direct = await found.libp2p.dial(multiaddr(directOf(callee, hub)), { force: true })
    expect(found.existing(callee.peerId)).toBe(direct)
    await direct.close()
    expect(found.existing(callee.peerId)).toBe(relayed)
  })

  test('a lease is of an open connection, and giving it back twice does no harm', async () => {
    const { callee, found } = await joined()
    const [one, other] = await Promise.all([0, 1].map(() => found.lease(callee.peerId, soon(), 1000)))
    expect(one?.connection).toBe(other?.connection)
    for (const lease of [one, one, other]) lease?.release()
    expect(one?.connection.status).toBe('open')
  })

  test('a peer that the relay does not have is unreachable, and the sentence names the relay', async () => {
    const { hub, found } = await joined()
    await expect(found.overRelays(stranger, soon())).rejects.toMatchObject({
      code: 'ERR_UNREACHABLE',
      message: `${stranger} could not be reached: the relay at 127.0.0.1:${hostOf(hub)} does not have this peer.`,
    })
  })

  /** The address at which the peer listens itself. */
  function directOf(node: TestNode, hub: TestNode): string {
    return node.mesh.addrs().find((each) => !each.includes(hub.peerId)) ?? ''
  }
})
