import type { Connection, Stream as Libp2pStream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { randomBytes } from 'node:crypto'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { expect, test } from 'vitest'
import { newPid } from '../../glia/pid.ts'
import { type GivenPolicy, makePolicy } from '../../glia/process/policy.ts'
import type { Tellable } from '../../glia/told-process.ts'
import { MAX_MODULE_BYTES, MODULE_PROTOCOL } from '../limits.ts'
import { glia, join, plainClient, relay, type TestNode, whereIs } from '../test-nodes.ts'
import { answerOn } from '../test-raw.ts'
import { askModule, askProcess, type AskOptions } from './ask-module.ts'
import { type FetchProgress, fetchModule } from './fetch-module.ts'

const LISTENS = { listen: ['/ip4/127.0.0.1/tcp/0'] }
const soon = (): AbortSignal => AbortSignal.timeout(10_000)

interface Module {
  cid: string
  bytes: Uint8Array<ArrayBuffer>
}

async function makeModule(size: number): Promise<Module> {
  const bytes = new Uint8Array(randomBytes(size))
  return { bytes, cid: CID.createV1(raw.code, await sha256.digest(bytes)).toString() }
}

/** A peer with one process that runs a module. */
async function peerWith(
  { cid, bytes }: Module,
  policy: GivenPolicy = { shareModule: true },
  platform = LISTENS,
  more: Partial<Tellable> = {},
): Promise<{ node: TestNode; pid: string }> {
  const pid = newPid()
  const process: Tellable = {
    name: 'counter',
    description: 'Counts.',
    methods: ['get', 'increment'],
    policy: makePolicy(policy),
    cid,
    moduleBytes: bytes.length,
    ...more,
  }
  const isShared = process.policy.shareModule
  const node = await glia([], platform, undefined, {
    tellable: {
      find: (asked) => (asked === pid ? process : undefined),
      shared: async (asked) => (isShared && asked === cid ? { name: 'counter', blob: new Blob([bytes]) } : undefined),
    },
  })
  return { node, pid }
}

/** A peer that answers each question for a module as it likes. */
async function stranger(answer: (stream: Libp2pStream) => void): Promise<{ address: string; peerId: string }> {
  const client = await plainClient({ transports: [tcp()], addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] } })
  await client.handle(MODULE_PROTOCOL, (stream) => answer(stream))
  return { address: String(client.getMultiaddrs()[0]), peerId: client.peerId.toString() }
}

function line(head: object | string): Uint8Array {
  return new TextEncoder().encode(`${typeof head === 'string' ? head : JSON.stringify(head)}\n`)
}

async function connectionTo(from: TestNode, address: string): Promise<Connection> {
  return from.mesh.libp2p.dial(multiaddr(address))
}

test('a shared module comes whole, with a name and its progress', async () => {
  const module = await makeModule(300_000)
  const [{ node: owner }, asker] = await Promise.all([peerWith(module), glia()])
  await asker.mesh.connect(whereIs(owner))
  const seen: FetchProgress[] = []
  const fetched = await (await asker.mesh.modules()).fetch(module.cid, owner.peerId, soon(), (now) => seen.push(now))
  expect(fetched).toMatchObject({ peer: owner.peerId, name: 'counter' })
  expect(Buffer.compare(fetched.bytes, module.bytes)).toBe(0)
  expect(seen.at(-1)).toMatchObject({ doneBytes: 300_000, totalBytes: 300_000 })
  expect(seen.every(({ doneBytes }, i) => doneBytes >= (seen[i - 1]?.doneBytes ?? 0))).toBe(true)
})

test('a module that is not shared and one that is not there are refused in the same words', async () => {
  const [module, other] = await Promise.all([makeModule(1000), makeModule(1000)])
  const { node: owner } = await peerWith(module, {})
  const asker = await glia()
  const connection = await connectionTo(asker, whereIs(owner))
  const refusals = await Promise.all(
    [module, other].map(({ cid }) =>
      askModule(connection, cid, { signal: soon() }).catch(({ code, message }) => [code, message]),
    ),
  )
  expect(refusals[0]).toEqual([
    'ERR_DENIED',
    `${owner.peerId} answered: No process here shares a module with this CID.`,
  ])
  expect(refusals[1]).toEqual(refusals[0])
})

test('who may call a process is told of it, and no one else', async () => {
  const module = await makeModule(1000)
  const asker = await glia()
  const policy: GivenPolicy = { methods: { increment: { callers: 'browser' } } }
  const [open, shared, closed] = await Promise.all([
    peerWith(module, policy),
    peerWith(module),
    peerWith(module, { callers: 'browser' }),
  ])
  for (const { node } of [open, shared, closed]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await asker.mesh.connect(whereIs(node))
  }
  expect(await (await asker.mesh.modules()).processOf(open.node.peerId, open.pid, soon())).toEqual({
    name: 'counter',
    description: 'Counts.',
    methods: ['get'],
  })
  expect(await (await asker.mesh.modules()).processOf(shared.node.peerId, shared.pid, soon())).toMatchObject({
    module: { cid: module.cid, bytes: 1000 },
  })
  await expect((await asker.mesh.modules()).processOf(closed.node.peerId, closed.pid, soon())).rejects.toMatchObject({
    code: 'ERR_DENIED',
  })
  await expect((await asker.mesh.modules()).processOf(open.node.peerId, newPid(), soon())).rejects.toMatchObject({
    code: 'ERR_NO_PROC',
  })
  await expect((await asker.mesh.modules()).processOf(asker.peerId, open.pid, soon())).rejects.toMatchObject({
    code: 'ERR_UNREACHABLE',
  })
})

test('who asks is told that a process has keys', async () => {
  const [{ node, pid }, asker] = await Promise.all([
    peerWith(await makeModule(1000), {}, LISTENS, { key: true }),
    glia(),
  ])
  await asker.mesh.connect(whereIs(node))
  expect(await (await asker.mesh.modules()).processOf(node.peerId, pid, soon())).toMatchObject({ key: true })
})

test('a peer that does not speak the protocol is said to tell nothing', async () => {
  const [silent, asker] = await Promise.all([glia([], LISTENS), glia()])
  await asker.mesh.connect(whereIs(silent))
  await expect((await asker.mesh.modules()).processOf(silent.peerId, newPid(), soon())).rejects.toMatchObject({
    code: 'ERR_BAD_VERB',
    message: `${silent.peerId} does not tell of its processes and modules.`,
  })
})

/** What a peer may do instead of sending the module, and what is said of it. */
const WRONGS: readonly [string, (stream: Libp2pStream, module: Module) => void, string, string][] = [
  [
    'other bytes',
    (stream, { bytes }) => send(stream, line({ bytes: bytes.length }), new Uint8Array(bytes.length)),
    'ERR_PROTOCOL',
    'not the module',
  ],
  [
    'too many bytes',
    (stream, { bytes }) => send(stream, line({ bytes: bytes.length }), bytes, line('')),
    'ERR_PROTOCOL',
    'more than the 5000 bytes',
  ],
  [
    'too few bytes',
    (stream, { bytes }) => send(stream, line({ bytes: bytes.length }), bytes.subarray(1)),
    'ERR_PROTOCOL',
    '4999 of the 5000 bytes',
  ],
  [
    'no bytes',
    (stream, { bytes }) => send(stream, line({ bytes: bytes.length })),
    'ERR_PROTOCOL',
    '0 of the 5000 bytes',
  ],
  ['nothing at all', (stream) => send(stream), 'ERR_PROTOCOL', 'ended before it was whole'],
  ['a reset', (stream) => stream.abort(new Error('no')), 'ERR_RESET', 'reset the call'],
  [
    'a reset amid the bytes',
    (stream, { bytes }) => {
      stream.send(line({ bytes: bytes.length }))
      stream.abort(new Error('no'))
    },
    'ERR_RESET',
    'reset the call',
  ],
  [
    'a pause without an end',
    (stream, { bytes }) => void stream.send(line({ bytes: bytes.length })),
    'ERR_DEADLINE',
    'sent nothing for 300 ms',
  ],
  ['a pause before all', () => undefined, 'ERR_DEADLINE', 'sent nothing for 300 ms'],
  [
    'an announcement of too much',
    (stream) => send(stream, line({ bytes: MAX_MODULE_BYTES + 1 })),
    'ERR_REPLY_TOO_LARGE',
    'at most 64 MiB',
  ],
  ['no announcement', (stream, { bytes }) => send(stream, line({}), bytes), 'ERR_PROTOCOL', 'how long the module is'],
  [
    'a wrong announcement',
    (stream, { bytes }) => send(stream, line({ bytes: -1 }), bytes),
    'ERR_PROTOCOL',
    'how long the module is',
  ],
  ['a head that is not JSON', (stream) => send(stream, line('{')), 'ERR_PROTOCOL', 'is not valid'],
  ['a head that is null', (stream) => send(stream, line('null')), 'ERR_PROTOCOL', 'how long the module is'],
  ['a head without an end', (stream) => send(stream, new Uint8Array(200_000).fill(97)), 'ERR_PROTOCOL', 'too long'],
  [
    'a refusal with any code',
    (stream) => send(stream, line({ code: 'ERR_UNREACHABLE', message: 'x'.repeat(1000) })),
    'ERR_DENIED',
    'answered: xxx',
  ],
]

test.each(WRONGS)(
  'a peer that sends %s is given up for the next one, which has the module',
  async (_, wrong, code, words) => {
    const module = await makeModule(5000)
    const [bad, { node: good }, asker] = await Promise.all([
      stranger((stream) => wrong(stream, module)),
      peerWith(module),
      glia(),
    ])
    const connections = new Map([
      [bad.peerId, await connectionTo(asker, bad.address)],
      [good.peerId, await connectionTo(asker, whereIs(good))],
    ])
    const ask = async (peer: string, options: AskOptions) => {
      const connection = connections.get(peer)
      if (!connection) throw new Error('nobody else is asked')
      return askModule(connection, module.cid, { ...options, stallMs: 300 })
    }
    const seen: FetchProgress[] = []
    const init = { cid: module.cid, from: bad.peerId, ask, onProgress: (now: FetchProgress) => seen.push(now) }
    const fetched = await fetchModule({ ...init, providers: () => each(bad.peerId, good.peerId) }, soon())
    expect(fetched.peer).toBe(good.peerId)
    expect(Buffer.compare(fetched.bytes, module.bytes)).toBe(0)
    const failure = seen.at(-1)?.failures[0]
    expect(failure).toMatchObject({ peer: bad.peerId, error: { code } })
    expect(failure?.error.message).toContain(words)
    // Without another peer the failure is the whole answer.
    await expect(fetchModule({ ...init, providers: () => each() }, soon())).rejects.toMatchObject({ code })
    // The streams that were given up are gone.
    await expect
      .poll(() =>
        [...connections.values()].flatMap(({ streams }) =>
          streams.filter(({ protocol }) => protocol === MODULE_PROTOCOL),
        ),
      )
      .toEqual([])
  },
)

test('several peers that fail are all named, and a directory that fails costs nothing', async () => {
  const module = await makeModule(10)
  const asker = await glia()
  const peers = await Promise.all([stranger((stream) => send(stream)), stranger((stream) => send(stream))])
  const connections = new Map(
    await Promise.all(peers.map(async ({ peerId, address }) => [peerId, await connectionTo(asker, address)] as const)),
  )
  const ask = (peer: string, options: AskOptions) => askModule(connections.get(peer) as Connection, module.cid, options)
  const [from, other] = peers.map(({ peerId }) => peerId) as [string, string]
  const failed = fetchModule({ cid: module.cid, from, ask, providers: () => each(other) }, soon())
  await expect(failed).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
  await expect(failed).rejects.toThrow(from)
  await expect(failed).rejects.toThrow(other)
  // This node has no relay, and so no directory.
  await expect((await asker.mesh.modules()).fetch(module.cid, from, soon())).rejects.toMatchObject({
    code: 'ERR_PROTOCOL',
  })
})

test('who cancels a fetch ends it at both sides', async () => {
  const module = await makeModule(10)
  const asker = await glia()
  const closed = Promise.withResolvers<unknown>()
  const slow = await stranger((stream) => {
    stream.send(line({ bytes: 1000 }))
    stream.addEventListener('close', ({ error }) => closed.resolve(error))
  })
  await asker.mesh.connect(slow.address)
  const cancelled = new AbortController()
  const fetching = (await asker.mesh.modules()).fetch(module.cid, slow.peerId, cancelled.signal, ({ totalBytes }) => {
    if (totalBytes > 0) cancelled.abort()
  })
  // The announcement comes without bytes: the first progress with a length is that of no bytes.
  await expect(fetching).rejects.toMatchObject({ code: 'ERR_ABORTED' })
  expect(await closed.promise).toBeInstanceOf(Error)
})

test('wrong questions, and more than are taken, are refused, and the peer stays', async () => {
  const module = await makeModule(100)
  const { node: owner, pid } = await peerWith(module)
  const client = await plainClient({ transports: [tcp()] })
  const connection = await client.dial(multiaddr(whereIs(owner)))
  const answers: string[] = []
  for (const question of ['', '{', '[]', '{}', '{"cid":"x"}', '{"pid":7}', `{"pid":"${'1'.repeat(600)}"}`]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    answers.push(await answerOn(connection, MODULE_PROTOCOL, question))
  }
  expect(answers.every((answer) => answer === 'reset' || answer.includes('ERR_BAD_REQUEST'))).toBe(true)
  // oxlint-disable-next-line no-await-in-loop
  for (let i = 0; i < 30; i++) answers.push(await answerOn(connection, MODULE_PROTOCOL, JSON.stringify({ pid })))
  expect(answers.filter((answer) => answer.includes('"counter"')).length).toBeGreaterThan(5)
  expect(answers.at(-1)).toContain('ERR_MAILBOX_FULL')
})

test('a peer that does not read gets two modules at once, and no third', async () => {
  const module = await makeModule(8 * 1024 * 1024)
  const { node: owner } = await peerWith(module)
  const client = await plainClient({ transports: [tcp()] })
  const connection = await client.dial(multiaddr(whereIs(owner)))
  const slow = await Promise.all(
    [1, 2].map(async () => {
      const stream = await connection.newStream(MODULE_PROTOCOL)
      const began = new Promise((resolve) => stream.addEventListener('message', resolve, { once: true }))
      stream.send(new TextEncoder().encode(JSON.stringify({ cid: module.cid })))
      await stream.close()
      await began
      stream.pause()
      return stream
    }),
  )
  expect(await answerOn(connection, MODULE_PROTOCOL, JSON.stringify({ cid: module.cid }))).toContain('ERR_MAILBOX_FULL')
  for (const stream of slow) stream.abort(new Error('enough'))
  await expect
    .poll(() =>
      askModule(connection, module.cid, { signal: soon() }).then(
        ({ bytes }) => bytes.length,
        () => 0,
      ),
    )
    .toBe(module.bytes.length)
})

test('when the peer of a link is gone, the directory of the relays finds another that shares the module', async () => {
  const module = await makeModule(2000)
  const overRelay = { listen: [] }
  const [hub, { node: owner }, asker] = await Promise.all([relay(), peerWith(module, undefined, overRelay), glia()])
  await join(hub, owner, asker)
  await (await owner.mesh.modules()).provide(module.cid)
  const gone = await glia()
  const fetched = await (await asker.mesh.modules()).fetch(module.cid, gone.peerId, AbortSignal.timeout(30_000))
  expect(fetched.peer).toBe(owner.peerId)
  expect(Buffer.compare(fetched.bytes, module.bytes)).toBe(0)
}, 40_000)

test('what a peer tells of its process is checked', async () => {
  const answers: object[] = [
    {
      name: 'n'.repeat(500),
      methods: ['ok', 7, 'a/b', ''],
      description: 'd'.repeat(500),
      module: { cid: 'x', bytes: 3 },
    },
    { name: 'no methods' },
    [],
  ]
  const asker = await glia()
  const peer = await stranger((stream) => send(stream, line(answers.shift() ?? {})))
  const connection = await connectionTo(asker, peer.address)
  const ask = () => askProcess(connection, newPid(), { signal: soon() })
  expect(await ask()).toEqual({ name: 'n'.repeat(100), methods: ['ok'], description: 'd'.repeat(280) })
  await expect(ask()).rejects.toMatchObject({ code: 'ERR_PROTOCOL' })
  await expect(ask()).rejects.toMatchObject({ code: 'ERR_PROTOCOL' })
})

function send(stream: Libp2pStream, ...pieces: readonly Uint8Array[]): void {
  for (const piece of pieces) stream.send(piece)
  void stream.close().catch(() => undefined)
}

async function* each(...peers: readonly string[]): AsyncGenerator<string> {
  yield* peers
}
