import type { Libp2p, Stream as Libp2pStream } from '@libp2p/interface'
import { describe, expect, test } from 'vitest'
import { type Address, formatAddress } from '../../glia/address.ts'
import { GliaError } from '../../glia/errors.ts'
import { newPid } from '../../glia/pid.ts'
import type { Proc } from '../../glia/process/proc.ts'
import { bytes, makeProc, OTHER, type Run, send, text } from '../../glia/test-peer.ts'
import { SESSION_PROTOCOL, WHY_PROTOCOL } from '../limits.ts'
import { glia, plainClient, type TestNode, whereIs } from '../test-nodes.ts'
import { readAnswer, readReason } from './raw-reasons.ts'
import vectors from './why-vectors.json' with { type: 'json' }

// A Glia peer calls in the raw dialect, sees a reset, and asks for its reason.

const methods: Record<string, Run> = {
  trap: async () => Promise.reject(new GliaError('ERR_TRAPPED', 'trap trapped: unreachable.')),
  fail: async () => Promise.reject(new GliaError('ERR_FAILED', 'fail returned 2.', { exitCode: 2 })),
  exit: async (message) => {
    await message.write(bytes('half'))
    throw new GliaError('ERR_EXITED', 'exit exited with code 3.', { exitCode: 3 })
  },
}

/** A peer that takes calls in the raw dialect only, and one that calls it. */
async function pair(proc: Proc): Promise<{ caller: TestNode; callee: TestNode }> {
  const [caller, callee] = await Promise.all([glia(), glia([proc], { listen: ['/ip4/127.0.0.1/tcp/0'] })])
  await callee.mesh.libp2p.unhandle(SESSION_PROTOCOL)
  await caller.mesh.connect(whereIs(callee))
  return { caller, callee }
}

function procOf(policy: object = {}): Proc {
  const run: Run = async (message, actor, method) => methods[method]?.(message, actor, method)
  return makeProc(() => run, { methods: Object.keys(methods), policy }).proc
}

/** Calls a method. Resolves to the error, with what came of the reply. */
async function failureOf({ router }: TestNode, address: Address): Promise<unknown> {
  const stream = router.open(address, { caller: 'browser' })
  void send(stream, 'hi').catch(() => undefined)
  let reply = ''
  try {
    for (let piece = await stream.read(); piece !== null; piece = await stream.read()) reply += text(piece)
    return { reply }
  } catch (thrown) {
    return { reply, ...(thrown as GliaError).toJSON() }
  }
}

test('a call that is reset fails with the error that the other peer tells', async () => {
  const proc = procOf()
  const { caller, callee } = await pair(proc)
  const call = (method: string): Promise<unknown> => failureOf(caller, callee.addressOf(proc, method))
  const place = { peer: callee.peerId, process: expect.stringMatching(/^\w{16,22}$/) as unknown }
  // The first call also finds out which dialect the peer speaks.
  expect(await call('trap')).toMatchObject({ code: 'ERR_TRAPPED', message: 'trap trapped: unreachable.', ...place })
  expect(await call('exit')).toMatchObject({ reply: 'half', code: 'ERR_EXITED', exitCode: 3, ...place })
  expect(await call('fail')).toMatchObject({ code: 'ERR_FAILED', exitCode: 2, ...place })
})

test('of calls at the same time, each fails with its own error', async () => {
  const proc = procOf()
  const { caller, callee } = await pair(proc)
  const names = ['trap', 'fail', 'exit', 'trap', 'fail', 'exit']
  const failures = await Promise.all(names.map((method) => failureOf(caller, callee.addressOf(proc, method))))
  expect(failures.map((failure) => (failure as GliaError).code)).toEqual(
    names.map((name) => ({ trap: 'ERR_TRAPPED', fail: 'ERR_FAILED', exit: 'ERR_EXITED' })[name]),
  )
})

test('a caller that the policy does not list is told that', async () => {
  const proc = procOf({ callers: [OTHER] })
  const { caller, callee } = await pair(proc)
  expect(await failureOf(caller, callee.addressOf(proc, 'trap'))).toMatchObject({ code: 'ERR_DENIED' })
})

/** A peer without Glia, which resets each call. */
async function resetter(): Promise<{ caller: TestNode; callee: Libp2p; address: Address }> {
  const callee = await plainClient({ addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] } })
  const caller = await glia()
  const address = { host: callee.peerId.toString(), proc: newPid(), method: 'run' }
  await callee.handle(formatAddress(address), (stream) => stream.abort(new Error('no')))
  return { caller, callee, address }
}

const connect = ({ mesh }: TestNode, to: Libp2p): Promise<string> =>
  mesh.connect(to.getMultiaddrs()[0]?.toString() ?? '')

test('a failure that was told to one call is not the reason of the next', async () => {
  const { caller, callee, address } = await resetter()
  const failures = [{ at: 1, to: formatAddress(address), code: 'ERR_TRAPPED', message: 'run trapped.' }]
  await callee.handle(WHY_PROTOCOL, (stream: Libp2pStream) => {
    stream.send(bytes(JSON.stringify(failures)))
    void stream.close()
  })
  await connect(caller, callee)
  expect(await failureOf(caller, address)).toMatchObject({ code: 'ERR_TRAPPED', peer: address.host })
  expect(await failureOf(caller, address)).toMatchObject({ code: 'ERR_RESET' })
  failures.push({ at: 1, to: formatAddress(address), code: 'ERR_TRAPPED', message: 'run trapped.' })
  expect(await failureOf(caller, address)).toMatchObject({ code: 'ERR_TRAPPED' })
})

test.each([
  ['does not answer', () => undefined],
  ['answers with something else', (stream: Libp2pStream) => void [stream.send(bytes('hello')), stream.close()]],
  ['resets the question too', (stream: Libp2pStream) => stream.abort(new Error('no'))],
])('a peer that %s is asked once', async (_, answer) => {
  const { caller, callee, address } = await resetter()
  let asked = 0
  await callee.handle(WHY_PROTOCOL, (stream: Libp2pStream) => {
    asked += 1
    answer(stream)
  })
  await connect(caller, callee)
  const failures = await Promise.all([failureOf(caller, address), failureOf(caller, address)])
  failures.push(await failureOf(caller, address))
  for (const failure of failures) expect(failure).toMatchObject({ code: 'ERR_RESET' })
  expect(asked).toBe(1)
})

describe('the vectors of /glia/0.1.0/why', () => {
  test.each(vectors.valid)('$name: read as the specification says', ({ answer, failures }) => {
    const reasons = readAnswer(answer).flatMap((each) => readReason(each, vectors.remote) ?? [])
    const told = reasons.map(({ to, error }) => ({ to, ...error.toJSON() }))
    expect(JSON.parse(JSON.stringify(told))).toEqual(failures)
  })

  test.each(vectors.invalid)('$name: no answer', ({ answer }) => {
    expect(() => readAnswer(answer)).toThrow(/JSON|no list/)
  })
})
