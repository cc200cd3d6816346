import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { type Address, formatAddress } from '../../glia/address.ts'
import type { CallContext } from '../../glia/call-context.ts'
import { chainNameOf } from '../../glia/chain-name.ts'
import { newPid } from '../../glia/pid.ts'
import type { Proc } from '../../glia/process/proc.ts'
import { bytes, echo, makeProc, type Run, send, text } from '../../glia/test-peer.ts'
import { readAll } from '../../glia/stream/web-streams.ts'
import { glia, plainClient, type TestNode, whereIs } from '../test-nodes.ts'

const LISTENS = { listen: ['/ip4/127.0.0.1/tcp/0'] }

/** The reply, or the code of the error. */
async function call(from: TestNode, to: Address, init: { caller?: string; context?: CallContext } = {}) {
  const stream = from.router.open(to, { caller: 'browser', ...init })
  void send(stream, 'hi').catch(() => undefined)
  return readAll(stream).then(text, ({ code }: { code: string }) => code)
}

/** A process that calls another one for each message, and replies the reply of that one. */
function forwarder(node: () => TestNode, to: () => Address) {
  const run: Run = async ({ context, write }) => write(bytes(await call(node(), to(), { caller: pid(), context })))
  const made = makeProc(() => run)
  const pid = (): string => made.proc.pid
  return made
}

/** Replies what the process is told about the call. */
const told: Run = async ({ context, write }) => write(bytes(JSON.stringify(context)))

async function connected(from: TestNode, to: TestNode): Promise<void> {
  await from.mesh.connect(whereIs(to))
}

test('the process that is called, and its peer, learn no PID of those that wait for it', async () => {
  const { proc } = makeProc(() => told)
  const callee = await glia([proc], LISTENS)
  const middle = forwarder(
    () => caller,
    () => callee.addressOf(proc),
  )
  const first = forwarder(
    () => caller,
    () => caller.addressOf(middle.proc),
  )
  const caller: TestNode = await glia([makeProc(() => echo).proc, first.proc, middle.proc])
  await connected(caller, callee)
  const reply = await call(caller, caller.addressOf(first.proc))
  for (const { pid } of [first.proc, middle.proc]) expect(reply).not.toContain(pid)
  // A peer that has the address recognises the process. So cycles are found.
  const { chain } = JSON.parse(reply) as CallContext
  expect(chain.slice(0, 2)).toEqual([first.proc, middle.proc].map(({ pid }) => chainNameOf(caller.peerId, pid)))
  expect(JSON.stringify([callee.mesh.peers(), callee.mesh.addrs()])).not.toContain(middle.proc.pid)
})

test('a cycle over two peers is still found', async () => {
  const back = forwarder(
    () => callee,
    () => caller.addressOf(there.proc),
  )
  const callee: TestNode = await glia([back.proc], LISTENS)
  const there = forwarder(
    () => caller,
    () => callee.addressOf(back.proc),
  )
  const caller: TestNode = await glia([there.proc], LISTENS)
  await connected(caller, callee)
  expect(await call(caller, caller.addressOf(there.proc))).toBe('ERR_CYCLE')
})

test('what others hear of a peer that was called names none of its processes', async () => {
  const { proc } = makeProc(() => echo)
  const callee = await glia([makeProc(() => echo).proc, proc], LISTENS)
  const [client, other] = await Promise.all([plainClient(), plainClient()])
  const connection = await client.dial(multiaddr(whereIs(callee)))
  const stream = await connection.newStream(formatAddress(callee.addressOf(proc)))
  await stream.close()
  // Identify tells the protocols of a peer to everybody who connects.
  await other.dial(multiaddr(whereIs(callee)))
  await expect.poll(async () => (await other.peerStore.all()).flatMap(({ protocols }) => protocols)).not.toEqual([])
  const heard = (await other.peerStore.all()).map(({ protocols, metadata }) => [...protocols, ...metadata.keys()])
  expect(JSON.stringify([heard, callee.mesh.peers(), callee.mesh.addrs()])).not.toContain(proc.pid)
})

test('a native client cannot tell a closed process from none, nor a method of it from none', async () => {
  const [client, friend] = await Promise.all([plainClient(), plainClient()])
  const closed = makeProc(() => echo, { policy: { callers: 'browser' } }).proc
  const limited = makeProc(() => echo, { policy: { callers: [friend.peerId.toString()] } }).proc
  const callee = await glia([closed, limited], LISTENS)
  const tried = async (from: typeof client, proc: string, method: string): Promise<string> => {
    const connection = await from.dial(multiaddr(whereIs(callee)))
    try {
      const stream = await connection.newStream(`/ww/0.1.0/${callee.peerId}/${proc}/${method}`)
      const ended = new Promise<string>((resolve) => {
        // The stream may have been reset in the moment in which it was opened.
        if (stream.status === 'reset') resolve('StreamResetError')
        stream.addEventListener('close', ({ error }) => resolve(error?.name ?? 'closed'))
      })
      await stream.close().catch(() => undefined)
      return await ended
    } catch (thrown) {
      return thrown instanceof Error ? thrown.name : String(thrown)
    }
  }
  const none = await tried(client, newPid(), 'run')
  expect(none).toBe('UnsupportedProtocolError')
  expect([await tried(client, closed.pid, 'run'), await tried(client, closed.pid, 'walk')]).toEqual([none, none])
  const [there, absent] = [await tried(client, limited.pid, 'run'), await tried(client, limited.pid, 'walk')]
  expect(there).toBe('StreamResetError')
  expect(absent).toBe(there)
  expect(await tried(friend, limited.pid, 'run')).toBe('closed')
})

test('a peer lists to another what its policies list, and nothing else', async () => {
  const [asker, other] = await Promise.all([glia([], LISTENS), plainClient()])
  const [open, hidden] = [makeProc(() => echo, { policy: { listed: true } }).proc, makeProc(() => echo).proc]
  const friends = makeProc(() => echo, { policy: { listed: true, callers: [asker.peerId] } }).proc
  const callee = await glia([hidden, open, friends], LISTENS)
  await connected(asker, callee)
  const listed = await asker.mesh.listingOf(callee.peerId, AbortSignal.timeout(5000))
  expect(listed.map(({ pid, methods }) => [pid, methods])).toEqual([open, friends].map(({ pid }) => [pid, ['run']]))
  // A peer without the protocol lists nothing.
  await other.dial(multiaddr(whereIs(asker)))
  expect(await asker.mesh.listingOf(other.peerId.toString(), AbortSignal.timeout(5000))).toEqual([])
})

/** Ada's peer has a process that passes calls on to Bob's, and Bob lets Ada call. Eve may call nobody. */
async function threePeople(): Promise<{ ada: TestNode; bob: TestNode; eve: TestNode; between: Proc; closed: Proc }> {
  const eve = await glia()
  const between = forwarder(
    () => ada,
    () => bob.addressOf(closed),
  ).proc
  const ada: TestNode = await glia([between], LISTENS)
  const closed = makeProc(() => echo, { policy: { callers: [ada.peerId] } }).proc
  const bob: TestNode = await glia([closed], LISTENS)
  await Promise.all([connected(eve, ada), connected(eve, bob), connected(ada, bob)])
  return { ada, bob, eve, between, closed }
}

test('a stranger gets no rights of a friend by having its process call', async () => {
  const { ada, bob, eve, between, closed } = await threePeople()
  expect(await call(ada, bob.addressOf(closed))).toBe('hi')
  expect(await call(ada, ada.addressOf(between))).toBe('hi')
  expect(await call(eve, bob.addressOf(closed))).toBe('ERR_DENIED')
  expect(await call(eve, ada.addressOf(between))).toBe('ERR_DENIED')
  // Bob may call his own process.
  const context = { chain: [], onBehalfOf: [bob.peerId], deadlineAt: undefined }
  expect(await call(ada, bob.addressOf(closed), { context })).toBe('hi')
})

test('a peer that cannot be told for whom a call is made does not get it', async () => {
  const native = await plainClient()
  const address = { host: native.peerId.toString(), proc: newPid(), method: 'run' }
  const served: string[] = []
  await native.handle(formatAddress(address), async (stream) => {
    served.push('called')
    stream.send(bytes('hi'))
    await stream.close()
  })
  const ada = await glia([], LISTENS)
  await native.dial(multiaddr(whereIs(ada)))
  const context = { chain: [], onBehalfOf: [(await glia()).peerId], deadlineAt: undefined }
  expect(await call(ada, address, { context })).toBe('ERR_DENIED')
  expect(await call(ada, address)).toBe('hi')
})
