import type { Stream as Libp2pStream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import type { ProcessEnd } from '../../glia/process/told-end.ts'
import type { WatchHandle } from '../../glia/process/remote-watch.ts'
import { newPid, type Pid } from '../../glia/pid.ts'
import { deliver, makeProc, type Run } from '../../glia/test-peer.ts'
import { IdleCircuits } from '../dial/idle-circuits.ts'
import { newIdentity } from '../libp2p/identity.ts'
import { CIRCUIT_IDLE_MS, MAX_WATCHES, WATCH_PROTOCOL } from '../limits.ts'
import type { MeshNode } from '../node.ts'
import { glia, join, joinedPair, plainClient, relay, startNode, type TestNode, whereIs } from '../test-nodes.ts'

/** Leaves through proc_exit with this code. */
const exits =
  (code: number): Run =>
  async (_message, actor) => {
    actor.exited = { type: 'exited', code }
  }

interface Told extends WatchHandle {
  ends: ProcessEnd[]
  /** The kinds and types so far, as one text for each. */
  words(): string[]
}

/** Watches a process of a peer, and notes what is told. */
function watch({ mesh }: { mesh: MeshNode }, peer: string, pid: Pid, after?: number): Told {
  const ends: ProcessEnd[] = []
  const handle = mesh.watch(peer, { pid, after, tell: (end) => ends.push(end) })
  return { ...handle, ends, words: () => ends.map(({ kind, reason }) => `${kind} ${reason.type}`) }
}

/** A Glia peer and a libp2p client that is connected to it directly. */
async function strangerOf(callee: TestNode) {
  const client = await plainClient()
  const connection = await client.dial(multiaddr(whereIs(callee)))
  return { client, connection }
}

interface Wire {
  stream: Libp2pStream
  lines: string[]
  send(text: string): void
}

function wire(stream: Libp2pStream): Wire {
  const lines: string[] = []
  let begun = ''
  stream.addEventListener('message', ({ data }) => {
    const parts = (begun + new TextDecoder().decode(data.subarray())).split('\n')
    begun = parts.pop() ?? ''
    lines.push(...parts)
  })
  return { stream, lines, send: (text) => void stream.send(new TextEncoder().encode(text)) }
}

const listening = { listen: ['/ip4/127.0.0.1/tcp/0'] }

test('a watcher learns the exit code of each end, and goes on', async () => {
  const { proc } = makeProc(() => exits(3))
  const { caller, callee } = await joinedPair(proc)
  const told = watch(caller, callee.peerId, proc.pid)
  await told.settled
  await deliver(proc).done
  await deliver(proc).done
  await expect
    .poll(() => told.ends)
    .toMatchObject([
      { kind: 'exited', reason: { type: 'exited', code: 3 }, final: false },
      { kind: 'exited', reason: { type: 'exited', code: 3 }, final: false },
    ])
})

test('a kill is told as a kill, once, and is the last end', async () => {
  const { proc } = makeProc(() => exits(0))
  const { caller, callee } = await joinedPair(proc)
  const [told, other] = [watch(caller, callee.peerId, proc.pid), watch(caller, callee.peerId, proc.pid)]
  await Promise.all([told.settled, other.settled])
  proc.kill()
  proc.kill()
  await expect.poll(() => [told.words(), other.words()]).toEqual([['killed killed'], ['killed killed']])
  const late = watch(caller, callee.peerId, proc.pid)
  await late.settled
  await expect.poll(() => late.words()).toEqual(['exited noproc'])
  // Of two ends the later one has the larger time.
  expect(late.ends[0]?.at).toBeGreaterThanOrEqual(told.ends[0]?.at ?? Infinity)
  expect(told.words()).toEqual(['killed killed'])
})

test('one that is dead is told at once; the kill of a dead process is told too', async () => {
  const { proc } = makeProc(() => exits(7), { restart: 'temporary' })
  const { caller, callee } = await joinedPair(proc)
  await deliver(proc).done
  const told = watch(caller, callee.peerId, proc.pid)
  await expect.poll(() => told.ends).toMatchObject([{ kind: 'exited', reason: { code: 7 }, final: true }])
  proc.kill()
  await expect.poll(() => told.words()).toEqual(['exited exited', 'killed killed'])
})

test('one that does not exist is told at once', async () => {
  const { caller, callee } = await joinedPair(makeProc(() => exits(0)).proc)
  const told = watch(caller, callee.peerId, newPid())
  await expect.poll(() => told.words()).toEqual(['exited noproc'])
})

test('a stranger that may call nothing of a process may not watch it, whatever became of it', async () => {
  const { proc } = makeProc(() => exits(0), { policy: { callers: 'browser' } })
  const { caller, callee } = await joinedPair(proc)
  const refused = { code: 'ERR_DENIED' }
  await expect(watch(caller, callee.peerId, proc.pid).settled).rejects.toMatchObject(refused)
  proc.kill()
  await expect(watch(caller, callee.peerId, proc.pid).settled).rejects.toMatchObject(refused)
})

test('a process without methods is watched by those who could call it', async () => {
  const { proc } = makeProc(() => exits(0), { methods: [] })
  const { caller, callee } = await joinedPair(proc)
  const told = watch(caller, callee.peerId, proc.pid)
  await told.settled
  proc.kill()
  await expect.poll(() => told.words()).toEqual(['killed killed'])
})

test('a peer whose right was taken away is told that, and of no end', async () => {
  const { proc } = makeProc(() => exits(0))
  const { caller, callee } = await joinedPair(proc)
  const told = watch(caller, callee.peerId, proc.pid)
  await told.settled
  proc.policy = { ...proc.policy, callers: 'browser' }
  await deliver(proc).done
  proc.kill()
  await expect.poll(() => told.words()).toEqual(['unreachable refused'])
})

test('an end in the moment of a lost connection is told once, when it is back', async () => {
  const { proc } = makeProc(() => exits(1))
  const { caller, callee } = await joinedPair(proc)
  const told = watch(caller, callee.peerId, proc.pid)
  await told.settled
  await deliver(proc).done
  await expect.poll(() => told.ends).toHaveLength(1)
  for (const connection of caller.mesh.libp2p.getConnections()) connection.abort(new Error('cut'))
  await deliver(proc).done
  proc.kill()
  await expect.poll(() => told.words(), { timeout: 4_000 }).toEqual(['exited exited', 'exited exited', 'killed killed'])
})

test('a peer that stays away is unreachable, once; its true end is told when it is back', async () => {
  const hub = await relay()
  const { proc } = makeProc(() => exits(5))
  const identity = await newIdentity()
  const [caller, first] = await Promise.all([glia(), startNode([proc], {}, identity)])
  await join(hub, caller, first)
  const told = watch(caller, identity.peerId, proc.pid)
  await told.settled
  await first.mesh.stop()
  await expect.poll(() => told.words(), { timeout: 8_000 }).toEqual(['unreachable unreachable'])
  await deliver(proc).done
  const again = await glia([proc], {}, identity)
  await join(hub, again)
  await expect.poll(() => told.words(), { timeout: 10_000 }).toEqual(['unreachable unreachable', 'exited exited'])
  proc.kill()
  await expect.poll(() => told.words().at(-1)).toBe('killed killed')
  expect(told.ends).toHaveLength(3)
}, 30_000)

test('a watch of a peer that was disconnected by hand is told so', async () => {
  const { proc } = makeProc(() => exits(0))
  const { caller, callee } = await joinedPair(proc)
  const told = watch(caller, callee.peerId, proc.pid)
  await told.settled
  await caller.mesh.disconnect(callee.peerId)
  await expect.poll(() => told.ends.length, { timeout: 8_000 }).toBe(1)
  const [{ reason } = { reason: undefined }] = told.ends
  expect(reason?.message).toBe(
    `${callee.peerId} has not been reachable for 5 s. ${callee.peerId} was disconnected by hand.`,
  )
  told.stop()
}, 15_000)

test('a watch of a peer that nobody finds is told that it is unreachable, and stands', async () => {
  const hub = await relay()
  const caller = await glia()
  await join(hub, caller)
  const told = watch(caller, (await newIdentity()).peerId, newPid())
  await told.settled
  expect(told.words()).toEqual(['unreachable unreachable'])
  told.stop()
}, 15_000)

test('a watch that is ended is told nothing, and leaves nothing at the other peer', async () => {
  const { proc } = makeProc(() => exits(0))
  const { caller, callee } = await joinedPair(proc)
  const [ended, kept] = [watch(caller, callee.peerId, proc.pid), watch(caller, callee.peerId, proc.pid)]
  await Promise.all([ended.settled, kept.settled])
  expect(callee.mesh.watchesOfOthers).toBe(2)
  ended.stop()
  await expect.poll(() => callee.mesh.watchesOfOthers).toBe(1)
  await deliver(proc).done
  await expect.poll(() => kept.ends).toHaveLength(1)
  expect(ended.ends).toEqual([])
  kept.stop()
  await expect.poll(() => callee.mesh.watchesOfOthers).toBe(0)
})

test('a watcher that goes away leaves nothing', async () => {
  const { proc } = makeProc(() => exits(0))
  const callee = await glia([proc], listening)
  const caller = await startNode()
  await caller.mesh.connect(whereIs(callee))
  await watch(caller, callee.peerId, proc.pid).settled
  expect(callee.mesh.watchesOfOthers).toBe(1)
  await caller.mesh.stop()
  await expect.poll(() => callee.mesh.watchesOfOthers).toBe(0)
})

test('a relayed connection with a watch is not idle', async () => {
  const { proc } = makeProc(() => exits(0))
  const { caller, callee } = await joinedPair(proc)
  const told = watch(caller, callee.peerId, proc.pid)
  await told.settled
  const sweep = ({ mesh: { libp2p } }: TestNode): void => {
    const idle = new IdleCircuits({ libp2p, callsOn: () => 0 })
    for (let now = 0; now < 5 * CIRCUIT_IDLE_MS; now += CIRCUIT_IDLE_MS / 2) idle.sweep(now)
  }
  sweep(caller)
  sweep(callee)
  expect(
    caller.mesh.libp2p.getConnections().map(({ status, remotePeer }) => [status, remotePeer.toString()]),
  ).toContainEqual(['open', callee.peerId])
  told.stop()
})

test('a peer that was disconnected by hand is not dialled for its watches', async () => {
  const { proc } = makeProc(() => exits(0))
  const { caller, callee } = await joinedPair(proc)
  const told = watch(caller, callee.peerId, proc.pid)
  await told.settled
  await caller.mesh.disconnect(callee.peerId)
  await expect.poll(() => told.words(), { timeout: 8_000 }).toEqual(['unreachable unreachable'])
  await caller.mesh.connect(callee.peerId)
  await deliver(proc).done
  await expect.poll(() => told.words().at(-1)).toBe('exited exited')
}, 15_000)

test('a stranger has so many watches and no more; those that are refused cost nothing', async () => {
  const { proc } = makeProc(() => exits(0))
  const callee = await glia([proc], listening)
  const { connection } = await strangerOf(callee)
  const { lines, send } = wire(await connection.newStream(WATCH_PROTOCOL))
  for (let id = 0; id <= MAX_WATCHES; id++) send(`${JSON.stringify({ type: 'watch', id, pid: proc.pid })}\n`)
  await expect.poll(() => lines.length).toBe(MAX_WATCHES + 1)
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ type: 'refused', id: MAX_WATCHES, code: 'ERR_MAILBOX_FULL' })
  expect(callee.mesh.watchesOfOthers).toBe(MAX_WATCHES)
  // A second stream takes the place of the first.
  const second = wire(await connection.newStream(WATCH_PROTOCOL))
  second.send(`${JSON.stringify({ type: 'watch', id: 1, pid: proc.pid })}\n`)
  await expect.poll(() => second.lines.length).toBe(1)
  expect(callee.mesh.watchesOfOthers).toBe(1)
})

test.each([
  ['no JSON', 'hello\n'],
  ['an id that is none', '{"type":"watch","id":-1,"pid":"PID"}\n'],
  ['an id that is a text', '{"type":"unwatch","id":"1"}\n'],
  ['a PID that is none', '{"type":"watch","id":1,"pid":"x"}\n'],
  ['a time that is none', '{"type":"watch","id":1,"pid":"PID","after":1.5}\n'],
  ['one id twice', '{"type":"watch","id":1,"pid":"PID"}\n{"type":"watch","id":1,"pid":"PID"}\n'],
  ['a line without an end', 'x'.repeat(5_000)],
])('a stranger that sends %s is thrown out, and others are not', async (_what, text) => {
  const { proc } = makeProc(() => exits(0))
  const callee = await glia([proc], listening)
  const caller = await glia()
  await caller.mesh.connect(whereIs(callee))
  const told = watch(caller, callee.peerId, proc.pid)
  await told.settled
  const { connection } = await strangerOf(callee)
  const { stream, send } = wire(await connection.newStream(WATCH_PROTOCOL))
  send(text.replaceAll('PID', proc.pid))
  await expect.poll(() => stream.status).not.toBe('open')
  expect(connection.status).toBe('open')
  expect(callee.mesh.watchesOfOthers).toBe(1)
  await deliver(proc).done
  await expect.poll(() => told.ends).toHaveLength(1)
})

/** A peer of another make, which answers each line of a watcher with these lines. */
async function foreign(answers: (id: number, times: number) => readonly object[]) {
  const client = await plainClient({ addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] } })
  const open: Libp2pStream[] = []
  let times = 0
  await client.handle(WATCH_PROTOCOL, (stream) => {
    open.push(stream)
    const { send } = wire(stream)
    stream.addEventListener('message', ({ data }) => {
      for (const line of new TextDecoder().decode(data.subarray()).trim().split('\n')) {
        const { id } = JSON.parse(line) as { id: number }
        for (const answer of answers(id, times++)) send(`${JSON.stringify({ id, ...answer })}\n`)
      }
    })
  })
  const caller = await glia()
  await caller.mesh.connect(client.getMultiaddrs()[0]?.toString() ?? '')
  return { caller, peer: client.peerId.toString(), open }
}

const gone = (kind: string, type: string, at: number): object => ({
  type: 'gone',
  kind,
  at,
  final: true,
  reason: { type },
})

test('a move is told as a move, and is the last that is told', async () => {
  const { caller, peer } = await foreign(() => [
    { type: 'watching', at: 1 },
    { type: 'news of a later version' },
    gone('moved', 'moved', 2),
    gone('exited', 'exited', 3),
  ])
  const told = watch(caller, peer, newPid())
  await told.settled
  await expect.poll(() => told.words()).toEqual(['moved moved'])
})

test('an end that is told again after a reconnection is not told twice', async () => {
  const { caller, peer, open } = await foreign((_id, times) => [
    { type: 'watching', at: times === 0 ? 5 : 6 },
    gone('exited', 'exited', 6),
  ])
  const told = watch(caller, peer, newPid(), 5)
  await expect.poll(() => told.words()).toEqual(['exited exited'])
  open[0]?.abort(new Error('cut'))
  await expect.poll(() => open.length).toBe(2)
  await caller.mesh.watch(peer, { pid: newPid(), tell: () => undefined }).settled
  expect(told.ends).toHaveLength(1)
})

test.each([
  ['another kind', { type: 'gone', kind: 'unreachable', at: 2, final: false, reason: { type: 'x' } }],
  ['no reason', { type: 'gone', kind: 'exited', at: 2, final: false }],
  ['no time', { type: 'watching', at: 'soon' }],
  ['too much', { type: 'gone', kind: 'exited', at: 2, final: false, reason: { type: 'x', message: 'x'.repeat(3000) } }],
])('a watched peer that answers with %s is asked again later, and tells nothing', async (_what, answer) => {
  const { caller, peer, open } = await foreign((_id, times) => [times === 0 ? answer : { type: 'watching', at: 1 }])
  const told = watch(caller, peer, newPid())
  await told.settled
  expect(told.ends).toEqual([])
  expect(open).toHaveLength(2)
})

test('a peer that does not speak the protocol cannot be watched', async () => {
  const client = await plainClient({ addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] } })
  const caller = await glia()
  await caller.mesh.connect(client.getMultiaddrs()[0]?.toString() ?? '')
  const told = watch(caller, client.peerId.toString(), newPid())
  await expect(told.settled).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
})
