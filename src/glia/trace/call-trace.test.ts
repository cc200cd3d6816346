import { describe, expect, test } from 'vitest'
import { GliaError } from '../errors.ts'
import { newPid } from '../pid.ts'
import { addressOf, bytes, echo, loop, makePeer, makeProc, OTHER, type Run, SELF, send, text } from '../test-peer.ts'
import { readAll } from '../stream/web-streams.ts'
import { streamPair, type StreamInit } from '../stream/stream-pair.ts'
import type { Address } from '../address.ts'
import type { Router } from '../router.ts'
import { BLOCK_CALLS } from './call-block.ts'
import { CallTrace, MAX_TRACED } from './call-trace.ts'
import { callsOf, callsWith, traceIdOf, type TracedCall } from './read-calls.ts'

const BROWSER = { caller: 'browser' }

function recorded({ blocks }: CallTrace): TracedCall[] {
  return blocks.flatMap((block) => callsOf(block))
}

/** The reply, or the code of the failure. */
async function call(router: Router, to: Address, message = 'hi', init: StreamInit = BROWSER): Promise<string> {
  const stream = router.open(to, init)
  void send(stream, message).catch(() => undefined)
  return readAll(stream).then(text, ({ code }: { code: string }) => code)
}

/** A call as another peer makes it. */
async function callFrom(peer: string, router: Router, to: Address, init: Partial<StreamInit> = {}): Promise<string> {
  return call(router, to, 'hi', { caller: peer, ...init })
}

test('a call to a process here is recorded: caller, address, bytes, times', async () => {
  const trace = new CallTrace()
  const { proc } = makeProc(() => echo)
  const before = Date.now()
  await call(makePeer([proc], undefined, trace).router, addressOf(proc), 'hello')
  expect(trace.pending).toHaveLength(0)
  const [found, ...others] = recorded(trace)
  expect(others).toEqual([])
  expect(found).toMatchObject({
    way: 'in',
    caller: 'browser',
    host: SELF,
    pid: proc.pid,
    method: 'run',
    status: 'ok',
    exitCode: undefined,
    bytesIn: 5,
    bytesOut: 5,
    failure: undefined,
    request: undefined,
  })
  expect(found?.at).toBeGreaterThanOrEqual(before)
  const { network = NaN, queue = NaN, run = NaN } = found?.parts ?? {}
  expect(network + queue + run).toBeCloseTo(found?.ms ?? NaN)
})

test('what a view asks by itself is neither recorded nor counted', async () => {
  const trace = new CallTrace()
  const { proc } = makeProc(() => echo)
  const { router } = makePeer([proc], undefined, trace)
  expect(await call(router, addressOf(proc), 'hello', { caller: 'browser', via: 'view' })).toBe('hello')
  expect(recorded(trace)).toEqual([])
  expect(router.meter.calls).toBe(0)
})

test('a call to another peer is recorded, with the bytes both ways', async () => {
  const trace = new CallTrace()
  const { router } = makePeer(
    [],
    async (address, { context }) => {
      const [near, far] = streamPair(address, { caller: SELF, context })
      void echoOn(far)
      return near
    },
    trace,
  )
  expect(await call(router, addressOf(newPid(), 'run', OTHER), 'hello')).toBe('hello')
  await expect
    .poll(() => recorded(trace))
    .toMatchObject([
      { way: 'out', caller: 'browser', host: OTHER, status: 'ok', bytesIn: 5, bytesOut: 5, parts: { queue: 0 } },
    ])
})

test('a call of another page or peer that is passed on goes through', async () => {
  const trace = new CallTrace()
  const { router } = makePeer([], undefined, trace)
  const to = addressOf(newPid(), 'run', OTHER)
  await call(router, to, '', { caller: 'browser', via: 'page' })
  await call(router, to, '', { caller: 'browser', via: 'self' })
  await callFrom(OTHER, router, to)
  expect(recorded(trace).map(({ way, status }) => [way, status])).toEqual([
    ['through', 'ERR_UNREACHABLE'],
    ['out', 'ERR_UNREACHABLE'],
    ['through', 'ERR_UNREACHABLE'],
  ])
})

test('a failure is recorded in full, with the exit code and the end of stderr', async () => {
  const trace = new CallTrace()
  const run: Run = async ({ wroteToStderr }) => {
    wroteToStderr?.(bytes('no such file\n'))
    throw new GliaError('ERR_EXITED', 'It exited with code 3.', { exitCode: 3 })
  }
  const { proc } = makeProc(() => run)
  await call(makePeer([proc], undefined, trace).router, addressOf(proc))
  expect(recorded(trace)).toMatchObject([
    {
      status: 'ERR_EXITED',
      exitCode: 3,
      stderr: 'no such file\n',
      failure: { code: 'ERR_EXITED', message: 'It exited with code 3.' },
    },
  ])
})

test('calls of a process, and to it, are not recorded if its policy says so', async () => {
  const trace = new CallTrace()
  const quiet = makeProc(() => echo, { policy: { trace: false } }).proc
  const other = makeProc(() => echo).proc
  const { router } = makePeer([quiet, other], undefined, trace)
  await call(router, addressOf(quiet))
  await call(router, addressOf(other), '', { caller: quiet.pid })
  expect(trace.blocks).toEqual([])
  await call(router, addressOf(other))
  expect(recorded(trace)).toHaveLength(1)
})

test('the first 4 KiB of message and reply are kept only if the policy says so', async () => {
  const trace = new CallTrace()
  const keeping = makeProc(() => echo, { policy: { keepHeads: true } }).proc
  const { router } = makePeer([keeping], undefined, trace)
  const message = 'a'.repeat(5000)
  await call(router, addressOf(keeping), message)
  await call(router, addressOf(keeping), '')
  const [long, empty] = recorded(trace)
  expect(text(long?.request ?? bytes(''))).toBe(message.slice(0, 4096))
  expect(text(long?.reply ?? bytes(''))).toBe(message.slice(0, 4096))
  expect([empty?.request?.length, empty?.reply?.length]).toEqual([0, 0])
})

describe('a trace', () => {
  test('that comes with a call is kept and inherited, and a call without one begins one', async () => {
    const trace = new CallTrace()
    let inherited: string | undefined
    const run: Run = async ({ context }) => void (inherited = context.trace)
    const { proc } = makeProc(() => run, { policy: { call: 'caller' } })
    const { router } = makePeer([proc], undefined, trace)
    await call(router, addressOf(proc))
    const [first] = recorded(trace)
    expect(first?.trace).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    expect(inherited).toBe(first?.trace)
    const given = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const context = { chain: [], onBehalfOf: [], deadlineAt: undefined, trace: given }
    await call(router, addressOf(proc), '', { ...BROWSER, context })
    expect(recorded(trace)[1]?.trace).toBe(given)
    expect(traceIdOf(given)).toBe('4bf92f3577b34da6a3ce929d0e0e4736')
    expect(inherited).toBe(given)
  })

  test('travels with a call to another peer, and each call has another one', async () => {
    const trace = new CallTrace()
    const seen: (string | undefined)[] = []
    const { router } = makePeer(
      [],
      async (address, { context }) => {
        seen.push(context.trace)
        const [near, far] = streamPair(address, { caller: SELF })
        void far.close()
        return near
      },
      trace,
    )
    const to = addressOf(newPid(), 'run', OTHER)
    for (let i = 0; i < 3; i++) await call(router, to)
    await expect.poll(() => recorded(trace).map((each) => each.trace)).toEqual(seen)
    expect(new Set(seen).size).toBe(3)
  })

  test('tells nothing of other traces, whether its text was needed during the call or not', async () => {
    const trace = new CallTrace()
    const quiet = makeProc(() => echo).proc
    const calling = makeProc(() => echo, { policy: { call: 'caller' } }).proc
    const { router } = makePeer([quiet, calling], undefined, trace)
    for (let i = 0; i < 300; i++) await call(router, addressOf(i % 2 === 0 ? quiet : calling))
    const traces = recorded(trace).map((each) => each.trace)
    // The two halves of the id, and the span.
    for (const from of [3, 19, 36]) expect(new Set(traces.map((each) => each.slice(from, from + 16))).size).toBe(300)
    // The difference of neighbours is no constant.
    const numbers = traces.map((each) => Number.parseInt(each.slice(27, 35), 16))
    const steps = numbers.slice(1).map((number, i) => (number - (numbers[i] ?? 0)) >>> 0)
    expect(new Set(steps).size).toBeGreaterThan(290)
  })

  test('is found in the record without reading other calls', async () => {
    const trace = new CallTrace()
    const quiet = makeProc(() => echo).proc
    const calling = makeProc(() => echo, { policy: { call: 'caller' } }).proc
    const { router } = makePeer([quiet, calling], undefined, trace)
    for (let i = 0; i < 20; i++) await call(router, addressOf(i % 2 === 0 ? quiet : calling))
    const [block] = trace.blocks
    if (!block) throw new Error('There are calls.')
    const all = recorded(trace)
    for (const each of all) expect(callsWith(block, traceIdOf(each.trace))).toEqual([each])
    const { numbers } = block
    let read = 0
    const watched = new Proxy(numbers, { get: (of, key) => ((read += 1), Reflect.get(of, key) as unknown) })
    expect(callsWith(Object.defineProperty(block, 'numbers', { value: watched }), '0'.repeat(32))).toEqual([])
    expect(read).toBe(0)
  })

  test('is not given without a recorder', async () => {
    let inherited: string | undefined = 'none yet'
    const run: Run = async ({ context }) => void (inherited = context.trace)
    const { proc } = makeProc(() => run, { policy: { call: 'caller' } })
    await call(makePeer([proc]).router, addressOf(proc))
    expect(inherited).toBeUndefined()
  })
})

test('a call under way is pending until it ends', async () => {
  const trace = new CallTrace()
  const { proc } = makeProc(() => loop)
  const stream = makePeer([proc], undefined, trace).router.open(addressOf(proc), BROWSER)
  expect([...trace.pending].map(({ stream: { methodName } }) => methodName)).toEqual(['run'])
  expect(trace.blocks).toEqual([])
  proc.kill()
  await expect(stream.read()).rejects.toMatchObject({ code: 'ERR_PROC_STOPPED' })
  await expect.poll(() => recorded(trace).map(({ status }) => status)).toEqual(['ERR_PROC_STOPPED'])
  expect([...trace.pending]).toEqual([])
})

test('a call that several tries with one key share is recorded once', async () => {
  const trace = new CallTrace()
  const { proc } = makeProc(() => echo)
  const { router } = makePeer([proc], undefined, trace)
  const keyed = { ...BROWSER, key: 'once' }
  expect(await Promise.all([1, 2].map(() => call(router, addressOf(proc), 'hi', keyed)))).toEqual(['hi', 'hi'])
  expect(recorded(trace)).toMatchObject([{ status: 'ok' }])
})

describe('bounds', () => {
  test('the last 10,000 calls are remembered, in order', async () => {
    const trace = new CallTrace()
    const { proc } = makeProc(() => async () => undefined)
    const { router } = makePeer([proc], undefined, trace)
    const calls = MAX_TRACED + 3 * BLOCK_CALLS
    for (let i = 0; i < calls; i++) {
      const [, server] = streamPair(addressOf(proc), BROWSER)
      await router.serveStream(server)
    }
    const ids = recorded(trace).map(({ id }) => id)
    expect(ids.length).toBeGreaterThanOrEqual(MAX_TRACED)
    expect(ids.length).toBeLessThan(MAX_TRACED + BLOCK_CALLS)
    expect(ids).toEqual(ids.toSorted((a, b) => a - b))
    expect(ids.at(-1)).toBe(trace.firstId + calls)
  })

  test('refused calls of strangers push out no others, and are counted', async () => {
    const trace = new CallTrace()
    const closed = makeProc(() => echo, { policy: { callers: 'browser' } }).proc
    const { router } = makePeer([closed], undefined, trace)
    await call(router, addressOf(closed))
    for (let i = 0; i < 1000; i++) await callFrom(OTHER, router, addressOf(closed))
    const calls = recorded(trace)
    expect(calls.filter(({ status }) => status === 'ok')).toHaveLength(1)
    expect(calls).toHaveLength(17)
    expect(trace.unlisted).toBe(1000 - 16)
  })

  test('heads and stderr take a bounded room', async () => {
    const trace = new CallTrace()
    const keeping = makeProc(() => echo, { policy: { keepHeads: true } }).proc
    const { router } = makePeer([keeping], undefined, trace)
    for (let i = 0; i < 100; i++) await call(router, addressOf(keeping), 'a'.repeat(9000))
    expect(trace.blocks).toHaveLength(1)
    expect(trace.blocks[0]?.moreBytes).toBe(512 * 1024)
    expect(recorded(trace).filter(({ request }) => request !== undefined)).toHaveLength(64)
  })
})

test('a cleared record has the calls under way, and later ones', async () => {
  const trace = new CallTrace()
  const { proc } = makeProc(() => echo)
  const { router } = makePeer([proc], undefined, trace)
  await call(router, addressOf(proc))
  const open = router.open(addressOf(proc), BROWSER)
  trace.clear()
  expect(recorded(trace)).toEqual([])
  expect([...trace.pending]).toHaveLength(1)
  await send(open)
  await readAll(open)
  await expect.poll(() => recorded(trace)).toHaveLength(1)
})

test('changes are told once until they are noticed', async () => {
  let told = 0
  const trace = new CallTrace()
  trace.changed = () => void (told += 1)
  const { proc } = makeProc(() => echo)
  const { router } = makePeer([proc], undefined, trace)
  for (let i = 0; i < 3; i++) await call(router, addressOf(proc))
  expect(told).toBe(1)
  trace.notice()
  await call(router, addressOf(proc))
  expect(told).toBe(2)
})

async function echoOn(stream: ReturnType<Router['open']>): Promise<void> {
  for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) await stream.write(chunk)
  await stream.close()
}
