import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import type { Address } from '../../glia/address.ts'
import type { CallContext } from '../../glia/call-context.ts'
import { bytes, echo, makeProc, type Run, send, text, untilAborted } from '../../glia/test-peer.ts'
import { readAll } from '../../glia/stream/web-streams.ts'
import { CallTrace } from '../../glia/trace/call-trace.ts'
import { type Answer, chainOf, peersToAsk } from '../../glia/trace/chain.ts'
import { callsOf, pendingCall, traceIdOf, type TracedCall } from '../../glia/trace/read-calls.ts'
import { readToldTrace, type ToldTrace } from '../../glia/trace/told-call.ts'
import { chainNameOf } from '../../glia/chain-name.ts'
import { ringOf, waitsOf } from '../../glia/trace/waiting.ts'
import { TRACE_PROTOCOL } from '../limits.ts'
import { glia, plainClient, type TestNode, whereIs } from '../test-nodes.ts'
import { answerOn } from '../test-raw.ts'

const LISTENS = { listen: ['/ip4/127.0.0.1/tcp/0'] }
const soon = (): AbortSignal => AbortSignal.timeout(10_000)

interface Recorder {
  node: TestNode
  trace: CallTrace
}

async function recorder(procs: readonly ReturnType<typeof makeProc>[]): Promise<Recorder> {
  const trace = new CallTrace()
  const node = await glia(
    procs.map(({ proc }) => proc),
    LISTENS,
    undefined,
    { trace },
  )
  return { node, trace }
}

/** The reply, or the code of the error. */
async function call(from: TestNode, to: Address, init: { caller?: string; context?: CallContext } = {}) {
  const stream = from.router.open(to, { caller: 'browser', ...init })
  void send(stream, 'hi').catch(() => undefined)
  return readAll(stream).then(text, ({ code }: { code: string }) => code)
}

/** A process that calls another one for each message, and replies the reply of that one. */
function forwarder(node: () => TestNode, to: () => Address) {
  const run: Run = async ({ context, write }) =>
    write(bytes(await call(node(), to(), { caller: made.proc.pid, context })))
  const made = makeProc(() => run)
  return made
}

function recorded({ trace }: Recorder): TracedCall[] {
  const pending = Array.from(trace.pending, (note) => pendingCall(note, performance.now()))
  return [...trace.blocks.flatMap((block) => callsOf(block)), ...pending]
}

async function ask(from: Recorder, peer: string, id: string): Promise<ToldTrace> {
  return readToldTrace(await from.node.mesh.traceOf(peer, id, soon()))
}

/** Ada calls a process of Bob, which calls one of Cleo. */
async function threePeers() {
  const last = makeProc(() => echo)
  const cleo = await recorder([last])
  const middle = forwarder(
    () => bob.node,
    () => cleo.node.addressOf(last.proc),
  )
  const bob: Recorder = await recorder([middle])
  const ada = await recorder([])
  await bob.node.mesh.connect(whereIs(cleo.node))
  await ada.node.mesh.connect(whereIs(bob.node))
  expect(await call(ada.node, bob.node.addressOf(middle.proc))).toBe('hi')
  return { ada, bob, cleo, middle, last }
}

test('a chain of calls over three peers is put together from what they tell', async () => {
  const { ada, bob, cleo } = await threePeers()
  await expect.poll(() => recorded(ada).map(({ status }) => status)).toEqual(['ok'])
  const [own] = recorded(ada)
  const id = traceIdOf(own?.trace ?? '')
  expect(recorded(cleo).map(({ trace }) => traceIdOf(trace))).toEqual([id])
  // A page finds Cleo through a relay. There is none here.
  await ada.node.mesh.connect(whereIs(cleo.node))
  const answers: Answer[] = []
  const chain = (): ReturnType<typeof chainOf> => chainOf(ada.node.peerId, own ? [own] : [], answers)
  for (;;) {
    const [peer] = peersToAsk(chain(), ada.node.peerId, new Set(answers.map((each) => each.peer)))
    if (peer === undefined) break
    // oxlint-disable-next-line no-await-in-loop -- one names the next one
    answers.push({ peer, told: await ask(ada, peer, id), at: Date.now() })
  }
  expect(answers.map(({ peer }) => peer)).toEqual([bob.node.peerId, cleo.node.peerId])
  const [first, second, ...others] = chain()
  expect(others).toEqual([])
  expect(first).toMatchObject({ from: ada.node.peerId, method: 'run', status: 'ok', depth: 0 })
  expect(first?.run).toBeGreaterThan(0)
  expect(second).toMatchObject({ status: 'ok', depth: 1, by: bob.node.peerId })
  expect(second?.to.startsWith(`${cleo.node.peerId}/`)).toBe(true)
})

test('a peer that took no part is told nothing, whatever it asks', async () => {
  const { ada, bob, middle, last } = await threePeers()
  const id = traceIdOf(recorded(ada)[0]?.trace ?? '')
  const stranger = await recorder([])
  await stranger.node.mesh.connect(whereIs(bob.node))
  expect(await ask(stranger, bob.node.peerId, id)).toEqual({ calls: [], waits: [] })
  const toAda = await ada.node.mesh.traceOf(bob.node.peerId, id, soon())
  expect(toAda).toContain('"status":"ok"')
  for (const { proc } of [middle, last]) expect(toAda).not.toContain(proc.pid)
})

test('a ring of processes that wait for each other over three peers is seen if the policy in between shows it', async () => {
  // Three processes that are called at the same moment, each of which calls the next: nobody sees the whole ring.
  const begin = Promise.withResolvers<void>()
  const nodes: Recorder[] = []
  const procs = [0, 1, 2].map((i) => {
    const run: Run = async ({ context, signal }) => {
      await begin.promise
      const next = nodes[(i + 1) % 3]
      const proc = procs[(i + 1) % 3]?.proc
      const self = nodes[i]
      if (!next || !proc || !self) throw new Error('There are three.')
      const stream = self.node.router.open(next.node.addressOf(proc), { caller: procs[i]?.proc.pid ?? '', context })
      signal.addEventListener('abort', () => stream.abort(signal.reason), { once: true })
      await stream.closeWrite()
      await stream.read()
    }
    return makeProc(() => run)
  })
  for (const made of procs) nodes.push(await recorder([made]))
  for (const [i, { node }] of nodes.entries()) {
    const next = nodes[(i + 1) % 3]
    if (next) await node.mesh.connect(whereIs(next.node))
  }
  const calls = nodes.map(({ node }, i) => {
    const proc = procs[i]?.proc
    if (!proc) throw new Error('There are three.')
    const stream = node.router.open(node.addressOf(proc), { caller: 'browser' })
    void stream.closeWrite()
    return stream
  })
  await expect.poll(() => procs.map(({ proc }) => proc.state)).toEqual(['busy', 'busy', 'busy'])
  begin.resolve()
  const [ada, bob] = nodes
  if (!ada || !bob) throw new Error('There are three.')
  // Ada's call to Bob waits in his mailbox, and Cleo's in hers.
  await expect.poll(() => nodes.map(({ trace }) => [...trace.pending].length)).toEqual([3, 3, 3])
  const out = recorded(ada).find(({ way }) => way === 'out')
  const id = traceIdOf(out?.trace ?? '')
  // The wait of Bob's process for Cleo's is a call between others. His policy may show it.
  expect((await ask(ada, bob.node.peerId, id)).waits).toEqual([])
  const proc = procs[1]?.proc
  if (proc) proc.policy = { ...proc.policy, traceTo: 'anyone' }
  const told = await ask(ada, bob.node.peerId, id)
  expect(told.calls).toMatchObject([{ way: 'in', status: 'pending' }])
  const own = waitsOf(ada.trace.pending, chainNameOf, ada.node.peerId)
  const name = chainNameOf(ada.node.peerId, procs[0]?.proc.pid ?? '')
  expect(ringOf(name, own)).toBeUndefined()
  expect(ringOf(name, [...own, ...told.waits])).toEqual(
    nodes.map(({ node }, i) => chainNameOf(node.peerId, procs[i]?.proc.pid ?? '')),
  )
  for (const stream of calls) stream.abort(new Error('enough'))
})

test('a pending call says so to its caller', async () => {
  const slow = makeProc(() => untilAborted)
  const callee = await recorder([slow])
  const caller = await recorder([])
  await caller.node.mesh.connect(whereIs(callee.node))
  const stream = caller.node.router.open(callee.node.addressOf(slow.proc), { caller: 'browser' })
  await stream.write(bytes('hi'))
  await expect.poll(() => slow.proc.state).toBe('busy')
  const id = traceIdOf(recorded(caller)[0]?.trace ?? '')
  expect((await ask(caller, callee.node.peerId, id)).calls).toMatchObject([{ way: 'in', status: 'pending' }])
  stream.abort(new Error('enough'))
})

test('a peer that does not record says that it tells nothing', async () => {
  const silent = await glia([], LISTENS)
  const asker = await recorder([])
  await asker.node.mesh.connect(whereIs(silent))
  await expect(asker.node.mesh.traceOf(silent.peerId, 'x', soon())).rejects.toMatchObject({
    code: 'ERR_UNREACHABLE',
    message: `${silent.peerId} tells nothing of its calls.`,
  })
})

test('wrong questions, long ones and too many are reset, and the next good one is answered', async () => {
  const callee = await recorder([])
  const client = await plainClient()
  const connection = await client.dial(multiaddr(whereIs(callee.node)))
  const answerTo = (question: string): Promise<string> => answerOn(connection, TRACE_PROTOCOL, question)
  const good = JSON.stringify({ trace: 'x' })
  for (const wrong of ['', '{', '[]', '{"trace":""}', '{"trace":7}', JSON.stringify({ trace: 'x'.repeat(129) })]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect([wrong, await answerTo(wrong)]).toEqual([wrong, 'reset'])
  }
  expect(await answerTo(JSON.stringify({ trace: 'x', more: 'y'.repeat(2000) }))).toBe('reset')
  expect(await answerTo(good)).toBe('{"calls":[],"waits":[]}')
  const answers: string[] = []
  // oxlint-disable-next-line no-await-in-loop
  for (let i = 0; i < 30; i++) answers.push(await answerTo(good))
  expect(answers).toContain('reset')
})

test('many peers are answered only so often together', async () => {
  const callee = await recorder([])
  const answers = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const client = await plainClient()
      const connection = await client.dial(multiaddr(whereIs(callee.node)))
      const own: string[] = []
      // oxlint-disable-next-line no-await-in-loop -- fewer than one peer may ask at once
      for (let i = 0; i < 18; i++) own.push(await answerOn(connection, TRACE_PROTOCOL, '{"trace":"x"}'))
      return own
    }),
  )
  expect(answers.flat()).toContain('reset')
  expect(answers.flat().filter((answer) => answer !== 'reset').length).toBeGreaterThanOrEqual(64)
})
