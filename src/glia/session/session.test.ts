import { expect, test, vi } from 'vitest'
import { GliaError } from '../errors.ts'
import { newPid } from '../pid.ts'
import { echoStream, Served, testSessions, type TestSessionsInit } from './test-peers.ts'
import type { CallOptions } from './session.ts'
import { acceptStreams } from '../stream/stream.acceptance.ts'
import { addressOf, bytes, OTHER, SELF, send, text } from '../test-peer.ts'
import { readAll } from '../stream/web-streams.ts'

function acceptSession(name: string, init: TestSessionsInit): void {
  acceptStreams(name, {
    open: async () => {
      const served = new Served()
      const { caller } = testSessions(served.serve, init)
      const server = served.next()
      return [caller.open(addressOf(newPid())), await server]
    },
  })
}

acceptSession('a call in a session', {})
acceptSession('a call in a session whose bytes come one by one', { cut: (sent) => cut(sent, () => 1) })
acceptSession('a call in a session whose bytes come in odd pieces', { cut: (sent) => cut(sent, oddSizes()) })
acceptSession('a call in a session over a channel that is often full', { capacityBytes: 20_000, maxBatchBytes: 16_377 })
acceptSession('a call in a session with the smallest batches and window', {
  maxBatchBytes: 1,
  windowBytes: 1,
  capacityBytes: 1,
})

test('a small call is one send each way', async () => {
  const { caller, near, far } = testSessions((stream) => void echoStream(stream))
  const stream = caller.open(addressOf(newPid()))
  await send(stream, 'hello')
  expect(text(await readAll(stream))).toBe('hello')
  expect([near.sends, far.sends]).toEqual([1, 1])
})

test('the server learns what the call says of itself', async () => {
  const served = new Served()
  const { caller } = testSessions(served.serve)
  const next = served.next()
  const address = addressOf(newPid(), 'Méthode "1"')
  const said = { expectedBytes: 3 }
  const chain = ['a/b', 'c/d']
  const now = performance.now()
  const near = caller.open(address, { ...said, client: 'one of many', trace: 'abc', chain, deadlineMs: 10_000 })
  expect(near).toMatchObject({ caller: OTHER, methodName: 'Méthode "1"', ...said, context: { chain, trace: 'abc' } })
  const far = await next
  expect(far).toMatchObject({ caller: OTHER, destination: SELF, procId: address.proc, ...said })
  expect(far.context).toMatchObject({ chain, client: 'one of many', trace: 'abc' })
  expect(far.context.deadlineAt).toBeGreaterThanOrEqual(now + 10_000)
  near.abort(new GliaError('ERR_ABORTED', 'enough'))
})

test('calls that end with their session have an error each, since each notes its own place in it', async () => {
  const { caller } = testSessions(() => undefined)
  const calls = [caller.open(addressOf(newPid())), caller.open(addressOf(newPid()))]
  caller.end(new GliaError('ERR_UNREACHABLE', 'It is gone.'))
  const [one, other] = calls.map(({ signal }) => signal.reason as unknown)
  for (const error of [one, other]) expect(error).toMatchObject({ code: 'ERR_UNREACHABLE', message: 'It is gone.' })
  expect(one).not.toBe(other)
})

test('a call to a peer that is not at the other end is refused', async () => {
  const { caller } = testSessions(() => expect.unreachable())
  const stream = caller.open(addressOf(newPid(), 'run', OTHER))
  await expect(stream.read()).rejects.toMatchObject({ code: 'ERR_BAD_ADDRESS' })
  expect(caller.calls).toBe(0)
})

test('calls are counted until both sides are through with them', async () => {
  const served = new Served()
  const { caller, server } = testSessions(served.serve)
  const next = served.next()
  const stream = caller.open(addressOf(newPid()))
  await send(stream, 'a')
  const far = await next
  expect([caller.calls, server.calls]).toEqual([1, 1])
  await readAll(far)
  await far.close()
  expect(await readAll(stream)).toHaveLength(0)
  expect([caller.calls, server.calls]).toEqual([0, 0])
})

test('a server counts a call until it has ended it itself, whatever the caller does', async () => {
  const served = new Served()
  const { caller, server } = testSessions(served.serve)
  const next = served.next()
  await caller.open(addressOf(newPid())).close()
  const far = await next
  await vi.waitUntil(() => far.silent, { interval: 1 })
  expect([caller.calls, server.calls]).toEqual([0, 1])
  await far.closeWrite()
  expect(server.calls).toBe(0)
})

test('a call whose program has exited is over for the server once that is told', async () => {
  const { caller, server } = testSessions((stream) => {
    stream.closeWithExit(new GliaError('ERR_EXITED', 'exit 3', { exitCode: 3 }))
  })
  await expect(caller.open(addressOf(newPid())).read()).rejects.toMatchObject({ exitCode: 3 })
  expect([caller.calls, server.calls]).toEqual([0, 0])
})

test('a caller with the whole reply is through, even if nobody wanted the rest of its message', async () => {
  const { caller } = testSessions((stream) => void stream.close())
  const stream = caller.open(addressOf(newPid()))
  await stream.write(bytes('a'))
  expect(await stream.read()).toBeNull()
  await vi.waitUntil(() => caller.calls === 0, { interval: 1 })
  await expect(stream.write(bytes('b'))).rejects.toMatchObject({ code: 'ERR_NO_READER' })
})

test('a call beyond what the server takes at once is refused, and the others go on', async () => {
  const served = new Served()
  const { caller } = testSessions(served.serve, { maxInboundCalls: 1 })
  const next = served.next()
  const first = caller.open(addressOf(newPid()))
  await send(first, 'a')
  const second = caller.open(addressOf(newPid()))
  await expect(second.read()).rejects.toMatchObject({ code: 'ERR_MAILBOX_FULL' })
  void echoStream(await next)
  expect(text(await readAll(first))).toBe('a')
})

test('a call that is aborted before it was sent is never seen by the server', async () => {
  const { caller, near } = testSessions(() => expect.unreachable())
  caller.open(addressOf(newPid())).abort(new GliaError('ERR_ABORTED', 'no'))
  caller.open(addressOf(newPid()), { signal: AbortSignal.abort(new GliaError('ERR_DEADLINE', 'late')) })
  const other = caller.open(addressOf(newPid(), 'run', OTHER))
  await expect(other.read()).rejects.toMatchObject({ code: 'ERR_BAD_ADDRESS' })
  expect([caller.calls, near.sends]).toEqual([0, 1])
})

test('a signal ends the call on both sides', async () => {
  const served = new Served()
  const { caller } = testSessions(served.serve)
  const next = served.next()
  const aborter = new AbortController()
  const stream = caller.open(addressOf(newPid()), { signal: aborter.signal })
  const far = await next
  aborter.abort()
  await expect(stream.read()).rejects.toMatchObject({ code: 'ERR_ABORTED' })
  await expect(far.read()).rejects.toMatchObject({ code: 'ERR_ABORTED' })
})

test('a call chain that nobody would take fails the call and not the session', async () => {
  const { caller } = testSessions((stream) => void echoStream(stream))
  const deep = caller.open(addressOf(newPid()), { chain: Array.from({ length: 65 }, () => 'a') })
  await expect(deep.read()).rejects.toMatchObject({ code: 'ERR_CYCLE' })
  const long = caller.open(addressOf(newPid()), { chain: ['a'.repeat(9000)] })
  await expect(long.read()).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
  const good = caller.open(addressOf(newPid()), { chain: Array.from({ length: 64 }, () => 'a'.repeat(100)) })
  await send(good, 'x')
  expect(text(await readAll(good))).toBe('x')
})

test('a very long error keeps its code and its beginning', async () => {
  const message = '“'.repeat(20_000)
  const { caller } = testSessions((stream) => stream.abort(new GliaError('ERR_TRAPPED', message)))
  const error: unknown = await caller
    .open(addressOf(newPid()))
    .read()
    .catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'ERR_TRAPPED', message: `${message.slice(0, 1000)}…` })
})

test.each([undefined, new Error('unplugged')])(
  'a channel that closes (%s) makes the calls in it fail',
  async (reason) => {
    const served = new Served()
    const { caller, server, near } = testSessions(served.serve)
    const next = served.next()
    void caller.open(addressOf(newPid())).write(bytes('a'))
    const far = await next
    await far.read()
    near.close(reason)
    await expect(far.read()).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
    expect(far.signal.reason).toMatchObject({ code: 'ERR_UNREACHABLE' })
    expect(await server.ended).toMatchObject({ code: 'ERR_UNREACHABLE' })
  },
)

test('a part of a reply is not its end when the channel closes, and a whole reply stays readable', async () => {
  const served = new Served()
  const { caller, far } = testSessions(served.serve)
  const streams = ['whole', 'part'].map(() => caller.open(addressOf(newPid())))
  const [first, second] = [served.next(), served.next()]
  await Promise.all(streams.map((stream) => send(stream, 'a')))
  void echoStream(await first)
  await (await second).write(bytes('b'))
  const [whole, part] = streams
  expect(text((await part?.read()) ?? bytes(''))).toBe('b')
  far.close()
  await expect(part?.read()).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
  expect(text((await whole?.read()) ?? bytes(''))).toBe('a')
  expect(await whole?.read()).toBeNull()
})

test('an ended session takes no calls', async () => {
  const { caller, server, near } = testSessions(() => undefined)
  caller.end()
  expect(near.closedWith).toBeNull()
  await expect(caller.open(addressOf(newPid())).read()).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
  await server.ended
  expect([caller.calls, server.calls]).toEqual([0, 0])
})

test('a channel that throws ends the session', async () => {
  const { caller, near } = testSessions(() => undefined)
  near.closedWith = new Error('broken')
  await expect(caller.open(addressOf(newPid())).read()).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
})

test('a server that throws fails its call', async () => {
  const { caller } = testSessions(() => {
    throw new GliaError('ERR_DENIED', 'not you')
  })
  await expect(caller.open(addressOf(newPid())).read()).rejects.toMatchObject({
    code: 'ERR_DENIED',
    message: 'not you',
  })
})

test('a server that throws later fails its call, and one that gives up with its call ends nothing else', async () => {
  const { caller } = testSessions(async (stream) => {
    for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) {
      if (chunk[0] === 1) throw new Error('boom')
      await stream.write(chunk)
    }
    await stream.close()
  })
  const failing = caller.open(addressOf(newPid()))
  await failing.write(new Uint8Array([1]))
  await expect(failing.read()).rejects.toMatchObject({ code: 'ERR_INTERNAL', message: 'boom' })
  // Its server throws what ended the call: a rejection that nobody handles would fail this run.
  const aborted = caller.open(addressOf(newPid()))
  await aborted.write(new Uint8Array([2]))
  await aborted.read()
  aborted.abort(new Error('enough'))
  const other = caller.open(addressOf(newPid()))
  await other.write(new Uint8Array([3]))
  expect(await other.read()).toEqual(new Uint8Array([3]))
  caller.end()
})

const NOT_VALID: readonly (readonly [string, CallOptions])[] = [
  ['a client', { client: 'x'.repeat(65) }],
  ['a key', { key: 'x'.repeat(256) }],
  ['an empty key', { key: '' }],
  ['a size below 0', { expectedBytes: -1 }],
  ['a size with a fraction', { expectedBytes: 1.5 }],
  ['a size that is none', { expectedBytes: Number.NaN }],
  ['a size past 2^53', { expectedBytes: 2 ** 53 }],
  ['a deadline below 0', { deadlineMs: -5 }],
  ['a deadline that is none', { deadlineMs: Number.NaN }],
  ['a deadline that is a text', { deadlineMs: 'x' as never }],
  ['a trace', { trace: 'x'.repeat(129) }],
  ['a peer', { onBehalfOf: ['zz'] }],
  ['a name in the chain', { chain: ['x'.repeat(129)] }],
]

test.each(NOT_VALID)('%s that no peer takes fails the call, and not the session', async (_, options) => {
  const { caller } = testSessions((stream) => void echoStream(stream))
  const other = caller.open(addressOf(newPid()))
  await expect(caller.open(addressOf(newPid()), options).read()).rejects.toMatchObject({
    code: 'ERR_BAD_REQUEST',
    message: expect.stringMatching(/^No peer takes such a call: /) as string,
  })
  await other.write(new Uint8Array([1]))
  expect(await other.read()).toEqual(new Uint8Array([1]))
  caller.end()
})

test('what is read is the reader’s own, buffer and all', async () => {
  const served = new Served()
  const { caller } = testSessions(served.serve)
  const next = served.next()
  const stream = caller.open(addressOf(newPid()))
  const [far, read] = [await next, stream.read()]
  await far.write(bytes('abc'))
  expect((await read)?.buffer.byteLength).toBe(3)
})

function* cut(sent: Uint8Array, size: () => number): Iterable<Uint8Array> {
  for (let at = 0; at < sent.length;) {
    const end = at + size()
    yield sent.subarray(at, end)
    at = end
  }
}

/** Sizes from 1 to some thousand bytes, the same in every run. */
function oddSizes(): () => number {
  let seed = 1
  return () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % 3 === 0 ? 1 + (seed % 5) : 1 + (seed % 5000)
  }
}
