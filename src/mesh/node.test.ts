import type { Libp2p } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { formatAddress } from '../glia/address.ts'
import { GliaError } from '../glia/errors.ts'
import { newPid } from '../glia/pid.ts'
import { VERSION } from '../glia/version.ts'
import { bytes, echo, makeProc, send, text } from '../glia/test-peer.ts'
import { readAll } from '../glia/stream/web-streams.ts'
import { IdleCircuits } from './dial/idle-circuits.ts'
import { newIdentity } from './libp2p/identity.ts'
import { CIRCUIT_IDLE_MS, MAX_CALLS_PER_PEER, RAW_PROTOCOL, SESSION_PROTOCOL } from './limits.ts'
import { glia, join, joinedPair, plainClient, relay, reserved, type TestNode, whereIs } from './test-nodes.ts'

const never = new AbortController().signal

async function call(
  from: TestNode,
  to: { host: string; proc: ReturnType<typeof newPid>; method: string },
  message = 'hi',
): Promise<string> {
  const stream = from.router.open(to, { caller: 'browser' })
  await send(stream, message)
  return text(await readAll(stream))
}

test('a peer calls another over a relay that both have joined, knowing only its id', async () => {
  const { proc } = makeProc(() => echo)
  const { caller, callee } = await joinedPair(proc)
  expect(await call(caller, callee.addressOf(proc))).toBe('hi')
  expect(caller.mesh.peers().find(({ peerId }) => peerId === callee.peerId)).toMatchObject({ link: 'relayed' })
})

test('a call may begin before the relay is reached', async () => {
  const hub = await relay()
  const { proc } = makeProc(() => echo)
  const [caller, callee] = await Promise.all([glia(), glia([proc])])
  await join(hub, callee)
  caller.mesh.useRelays([whereIs(hub)])
  expect(await call(caller, callee.addressOf(proc))).toBe('hi')
})

test('relays that are named together all have a place for it', async () => {
  const [hubs, node] = await Promise.all([Promise.all([relay(), relay(), relay()]), glia()])
  node.mesh.useRelays(hubs.map(whereIs))
  await reserved(node)
  expect(node.mesh.relays().map(({ peerId }) => peerId)).toEqual(hubs.map(({ peerId }) => peerId))
})

test('errors keep their type across the mesh', async () => {
  const { proc } = makeProc(() => async () => {
    throw new GliaError('ERR_TRAPPED', 'run trapped: unreachable.')
  })
  const { caller, callee } = await joinedPair(proc)
  await expect(call(caller, callee.addressOf(proc))).rejects.toMatchObject({
    code: 'ERR_TRAPPED',
    message: 'run trapped: unreachable.',
  })
  await expect(call(caller, callee.addressOf(proc, 'nothing'))).rejects.toMatchObject({ code: 'ERR_NO_METHOD' })
  await expect(call(caller, { host: callee.peerId, proc: newPid(), method: 'run' })).rejects.toMatchObject({
    code: 'ERR_NO_PROC',
  })
})

test('4 MiB go through another peer and back over the relay, byte for byte', async () => {
  const { proc } = makeProc(() => echo)
  const { caller, callee } = await joinedPair(proc)
  const message = Uint8Array.from({ length: 4 * 1024 * 1024 }, (_, i) => (i * 31) >>> (i % 13))
  const stream = caller.router.open(callee.addressOf(proc), { caller: 'browser' })
  const [reply] = await Promise.all([readAll(stream), send(stream, message)])
  expect(Buffer.from(reply).equals(message)).toBe(true)
})

test('100 calls at once all answer', async () => {
  const { proc } = makeProc(() => echo)
  const { caller, callee } = await joinedPair(proc)
  const replies = await Promise.all(Array.from({ length: 100 }, (_, i) => call(caller, callee.addressOf(proc), `${i}`)))
  expect(replies).toEqual(Array.from({ length: 100 }, (_, i) => `${i}`))
})

test('peers that come through one relay at once are all let in', async () => {
  const hub = await relay()
  const { proc } = makeProc(() => echo)
  const callee = await glia([proc])
  const callers = await Promise.all(Array.from({ length: 10 }, () => glia()))
  await join(hub, callee, ...callers)
  const replies = await Promise.all(callers.map((caller, i) => call(caller, callee.addressOf(proc), `${i}`)))
  expect(replies).toEqual(callers.map((_, i) => `${i}`))
})

test('a relayed connection without calls is closed, and made again for the next call', async () => {
  const { proc } = makeProc(() => echo)
  const { caller, callee } = await joinedPair(proc)
  expect(await call(caller, callee.addressOf(proc))).toBe('hi')
  const relayed = (): unknown => caller.mesh.peers().find(({ peerId }) => peerId === callee.peerId)?.link
  expect(relayed()).toBe('relayed')
  const idle = new IdleCircuits({ libp2p: caller.mesh.libp2p, callsOn: () => 0 })
  let now = 0
  // The first time, a ping may be under way.
  await expect
    .poll(() => {
      idle.sweep((now += CIRCUIT_IDLE_MS))
      return relayed()
    })
    .not.toBe('relayed')
  expect(await call(caller, callee.addressOf(proc))).toBe('hi')
})

test('a peer behind another relay is found by its id alone, through the relays', async () => {
  const [first, second] = await Promise.all([relay(), relay()])
  second.mesh.useRelays([whereIs(first)])
  const { proc } = makeProc(() => echo)
  const [caller, callee] = await Promise.all([glia(), glia([proc])])
  await Promise.all([reserved(second), join(first, caller), join(second, callee)])
  await expect.poll(() => call(caller, callee.addressOf(proc)).catch(String), { timeout: 15_000 }).toBe('hi')
  expect(await caller.mesh.routing.findPeer(callee.peerId)).not.toEqual([])
})

test('what others say of a peer leads to nobody else', async () => {
  const { proc } = makeProc(() => echo)
  const other = await glia([proc], { listen: ['/ip4/127.0.0.1/tcp/0'] })
  const caller = await glia()
  const { peerId: host } = await newIdentity()
  const multiaddrs = [multiaddr(whereIs(other))]
  await caller.mesh.libp2p.peerStore.merge(peerIdFromString(host), { multiaddrs })
  const error = await call(caller, { host, proc: proc.pid, method: 'run' }).catch(String)
  expect(error).toContain('could not be reached')
  expect(caller.mesh.isConnected(other.peerId)).toBe(false)
})

test('a peer that nobody knows is unreachable, and the error says what was tried', async () => {
  const hub = await relay()
  const caller = await glia()
  await join(hub, caller)
  const { peerId: host } = await newIdentity()
  const error = await call(caller, { host, proc: newPid(), method: 'run' }).catch(
    (thrown: unknown) => thrown as GliaError,
  )
  expect(error).toMatchObject({ code: 'ERR_UNREACHABLE' })
  expect((error as GliaError).message).toMatch(/: the relay at 127\.0\.0\.1:\d+ does not have this peer;/)
})

test('a relay that went away and came back is joined again', async () => {
  const identity = await newIdentity()
  const hub = await relay({ identity })
  const port = Number(/tcp\/(\d+)/.exec(whereIs(hub))?.[1])
  const { proc } = makeProc(() => echo)
  const [caller, callee] = await Promise.all([glia(), glia([proc])])
  await join(hub, caller, callee)
  await hub.mesh.stop()
  await expect.poll(() => callee.mesh.relays()[0]?.state).toBe('waiting')
  expect(callee.mesh.relays()[0]?.error).toBeDefined()
  expect(callee.mesh.addrs()).toEqual([])
  await relay({ identity, port })
  await Promise.all([reserved(caller), reserved(callee)])
  expect(await call(caller, callee.addressOf(proc))).toBe('hi')
  expect(callee.mesh.addrs()).not.toEqual([])
})

test('peers on one relay hear of each other', async () => {
  const hub = await relay()
  const [one, two] = await Promise.all([glia(), glia()])
  await join(hub, one, two)
  await expect.poll(() => one.mesh.peers().map(({ peerId }) => peerId), { timeout: 15_000 }).toContain(two.peerId)
  await expect.poll(() => two.mesh.peers().map(({ peerId }) => peerId), { timeout: 15_000 }).toContain(one.peerId)
})

test('an unmodified libp2p client calls by opening the address, half-closing and reading', async () => {
  const { proc } = makeProc(() => echo)
  const callee = await glia([proc], { listen: ['/ip4/127.0.0.1/tcp/0'] })
  const client = await plainClient()
  const stream = await client.dialProtocol(multiaddr(whereIs(callee)), formatAddress(callee.addressOf(proc)))
  stream.send(bytes('hello'))
  await stream.close()
  let reply = ''
  for await (const data of stream) reply += text(data.subarray())
  expect(reply).toBe('hello')
})

test('what is not there is refused in negotiation', async () => {
  const { proc } = makeProc(() => echo)
  const callee = await glia([proc], { listen: ['/ip4/127.0.0.1/tcp/0'] })
  const client = await plainClient()
  const connection = await client.dial(multiaddr(whereIs(callee)))
  for (const id of [
    formatAddress(callee.addressOf(proc, 'nothing')),
    formatAddress({ host: callee.peerId, proc: newPid(), method: 'run' }),
    formatAddress({ ...callee.addressOf(proc), host: client.peerId.toString() }),
    `${RAW_PROTOCOL}/garbage`,
    `${RAW_PROTOCOL}/${'x'.repeat(700)}`,
    `${RAW_PROTOCOL}/${callee.peerId}/root/run`,
  ]) {
    await expect(connection.newStream(id)).rejects.toMatchObject({ name: 'UnsupportedProtocolError' })
  }
})

test('a failure after negotiation resets the stream', async () => {
  const { proc } = makeProc(() => async () => {
    throw new GliaError('ERR_TRAPPED', 'it trapped')
  })
  const callee = await glia([proc], { listen: ['/ip4/127.0.0.1/tcp/0'] })
  const client = await plainClient()
  const stream = await client.dialProtocol(multiaddr(whereIs(callee)), formatAddress(callee.addressOf(proc)))
  const closed = new Promise((resolve) => stream.addEventListener('close', ({ error }) => resolve(error?.name)))
  await stream.close()
  expect(await closed).toBe('StreamResetError')
})

test('the protocol id without an address answers with the root process', async () => {
  const { proc } = makeProc(() => echo)
  const callee = await glia([proc], { listen: ['/ip4/127.0.0.1/tcp/0'] })
  const caller = await glia()
  await caller.mesh.connect(whereIs(callee))
  expect(await caller.mesh.rootOf(callee.peerId, never)).toBe(proc.pid)
  const address = await callee.router.resolve(`/ww/0.1.0/${callee.peerId}/root/run`, { signal: never })
  expect(address).toEqual(callee.addressOf(proc))
})

test('addresses are advertised by nobody and recorded nowhere', async () => {
  const { proc } = makeProc(() => echo)
  const callee = await glia([proc], { listen: ['/ip4/127.0.0.1/tcp/0'] })
  const client = await plainClient()
  const caller = await glia()
  await caller.mesh.connect(whereIs(callee))
  expect(await call(caller, callee.addressOf(proc))).toBe('hi')
  const stream = await client.dialProtocol(multiaddr(whereIs(callee)), formatAddress(callee.addressOf(proc)))
  stream.abort(new Error('enough'))
  for (const node of [caller.mesh.libp2p, callee.mesh.libp2p]) {
    const peers = await node.peerStore.all()
    const protocols = peers.flatMap((peer) => peer.protocols)
    expect(protocols.filter((id) => id.startsWith(`${RAW_PROTOCOL}/`))).toEqual([])
  }
  const { protocols } = await caller.mesh.libp2p.peerStore.get(callee.mesh.libp2p.peerId)
  expect(protocols).toContain(RAW_PROTOCOL)
  expect(protocols).toContain(SESSION_PROTOCOL)
})

test.each(['/ww/0.1.0', 'ww/0.1.0'])(
  'a peer that advertises %s runs processes, and a bare one runs none',
  async (id) => {
    const node = await glia([], { listen: ['/ip4/127.0.0.1/tcp/0'] })
    const [reference, bare] = await Promise.all([plainClient(), plainClient()])
    await reference.handle(id, () => undefined)
    for (const client of [reference, bare]) await client.dial(multiaddr(whereIs(node)))
    const runsProcesses = ({ peerId }: Libp2p): boolean | undefined =>
      node.mesh.peers().find((peer) => peer.peerId === peerId.toString() && peer.agent !== undefined)?.processes
    await expect.poll(() => [runsProcesses(reference), runsProcesses(bare)]).toEqual([true, false])
  },
)

test('a peer tells its software with its version', async () => {
  const node = await glia([], { listen: ['/ip4/127.0.0.1/tcp/0'] })
  const other = await glia()
  await other.mesh.connect(whereIs(node))
  const agent = (): string | undefined =>
    node.mesh
      .peers()
      .find(({ peerId }) => peerId === other.peerId)
      ?.agent?.split(' ')[0]
  await expect.poll(agent).toBe(`glia/${VERSION}`)
})

test('a peer that opens more calls than it may, and sends nothing, keeps nobody else from calling', async () => {
  const { proc } = makeProc(() => echo)
  const callee = await glia([proc], { listen: ['/ip4/127.0.0.1/tcp/0'] })
  const [attacker, caller] = await Promise.all([plainClient(), glia()])
  const connection = await attacker.dial(multiaddr(whereIs(callee)))
  const opened = await Promise.allSettled(
    Array.from({ length: 1000 }, () =>
      connection.newStream(formatAddress(callee.addressOf(proc)), { maxOutboundStreams: 2000 }),
    ),
  )
  expect(opened.length).toBe(1000)
  expect(callee.router.callsOfOthers).toBeLessThanOrEqual(MAX_CALLS_PER_PEER + 1)
  await caller.mesh.connect(whereIs(callee))
  expect(await call(caller, callee.addressOf(proc))).toBe('hi')
  expect(proc.waiting).toBe(0)
})

test('five fresh peers with unfinished messages keep neither the owner nor other peers from calling', async () => {
  const { proc } = makeProc(() => echo)
  const callee = await glia([proc], { listen: ['/ip4/127.0.0.1/tcp/0'] })
  const address = formatAddress(callee.addressOf(proc))
  const slow = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const client = await plainClient()
      const stream = await client.dialProtocol(multiaddr(whereIs(callee)), address)
      stream.send(bytes('x'))
      return stream
    }),
  )
  await expect.poll(() => proc.waiting).toBe(slow.length - 1)
  const [session, raw] = await Promise.all([glia(), plainClient()])
  await session.mesh.connect(whereIs(callee))
  expect(await Promise.all([call(callee, callee.addressOf(proc)), call(session, callee.addressOf(proc))])).toEqual([
    'hi',
    'hi',
  ])
  const stream = await raw.dialProtocol(multiaddr(whereIs(callee)), address)
  stream.send(bytes('hello'))
  await stream.close()
  let reply = ''
  for await (const data of stream) reply += text(data.subarray())
  expect(reply).toBe('hello')
})

test('a caller on the list may call, and another may not', async () => {
  const [friend, stranger] = await Promise.all([glia(), glia()])
  const { proc } = makeProc(() => echo, { policy: { callers: [friend.peerId] } })
  const callee = await glia([proc], { listen: ['/ip4/127.0.0.1/tcp/0'] })
  for (const { mesh } of [friend, stranger]) await mesh.connect(whereIs(callee))
  expect(await call(friend, callee.addressOf(proc))).toBe('hi')
  await expect(call(stranger, callee.addressOf(proc))).rejects.toMatchObject({ code: 'ERR_DENIED' })
})

test('a call of which the peer goes away fails, and does not hang', async () => {
  const { proc } = makeProc(
    () =>
      async ({ signal }) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
  )
  const callee = await glia([proc], { listen: ['/ip4/127.0.0.1/tcp/0'] })
  const caller = await glia()
  await caller.mesh.connect(whereIs(callee))
  const stream = caller.router.open(callee.addressOf(proc), { caller: 'browser' })
  await send(stream, 'x')
  const reply = readAll(stream)
  await expect.poll(() => proc.state).toBe('busy')
  callee.mesh.leave()
  await expect(reply).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
})
