import { expect, test } from 'vitest'
import { SILENT } from '../../glia/log.ts'
import { createHttp } from '../../glia/http/http.ts'
import type { Stream } from '../../glia/stream/stream.ts'
import type { Proc } from '../../glia/process/proc.ts'
import { bytes, echo, makeProc, type Run, send, text } from '../../glia/test-peer.ts'
import { readAll } from '../../glia/stream/web-streams.ts'
import { glia, type TestNode, whereIs } from '../test-nodes.ts'

/** A process that replies how often it has run, and its message. It waits for the test first. */
function counting() {
  const gate = { begun: Promise.withResolvers<void>(), open: Promise.withResolvers<void>() }
  let runs = 0
  const run: Run = async (message) => {
    const chunks: Uint8Array[] = []
    for (let chunk = await message.read(); chunk !== null; chunk = await message.read()) chunks.push(chunk)
    runs += 1
    gate.begun.resolve()
    await gate.open.promise
    await message.write(bytes(`run ${runs}: ${chunks.map(text).join('')}`))
  }
  return { ...makeProc(() => run), gate, runs: () => runs }
}

async function pair(...procs: readonly Proc[]): Promise<{ caller: TestNode; callee: TestNode }> {
  const [caller, callee] = await Promise.all([glia(), glia(procs, { listen: ['/ip4/127.0.0.1/tcp/0'] })])
  await caller.mesh.connect(whereIs(callee))
  return { caller, callee }
}

/** Breaks every connection to a peer, as a network does. */
function breakOff({ mesh }: TestNode, to: TestNode): void {
  for (const connection of mesh.libp2p.getConnections()) {
    if (connection.remotePeer.toString() === to.peerId) connection.abort(new Error('the network is gone'))
  }
}

test('a call with a key that is made again after its connection broke runs once, and is answered', async () => {
  const { proc, gate, runs } = counting()
  const { caller, callee } = await pair(proc)
  const call = async (message: string): Promise<Stream> => {
    const stream = caller.router.open(callee.addressOf(proc), { caller: 'browser', key: 'order 1' })
    await send(stream, message)
    return stream
  }
  const lost = readAll(await call('book')).catch((thrown: unknown) => thrown)
  await gate.begun.promise
  breakOff(callee, caller)
  expect(await lost).toMatchObject({ code: 'ERR_UNREACHABLE' })
  await caller.mesh.connect(whereIs(callee))
  const again = readAll(await call('book'))
  gate.open.resolve()
  expect(text(await again)).toBe('run 1: book')
  expect(text(await readAll(await call('book')))).toBe('run 1: book')
  await expect(readAll(await call('another book'))).rejects.toMatchObject({ code: 'ERR_KEY_REUSED' })
  expect(runs()).toBe(1)
})

test('the same key of another peer, of another client, and no key are other calls', async () => {
  const { proc, gate } = counting()
  gate.open.resolve()
  const { caller, callee } = await pair(proc)
  const other = await glia()
  await other.mesh.connect(whereIs(callee))
  const ask = async ({ router }: TestNode, client?: string, key?: string): Promise<string> => {
    const context = { chain: [], onBehalfOf: [], deadlineAt: undefined, client }
    const stream = router.open(callee.addressOf(proc), { caller: 'browser', key, context })
    await send(stream, '!')
    return text(await readAll(stream))
  }
  expect(await ask(caller, undefined, 'k')).toBe('run 1: !')
  expect(await ask(caller, undefined, 'k')).toBe('run 1: !')
  expect(await ask(other, undefined, 'k')).toBe('run 2: !')
  expect(await ask(caller, 'anna', 'k')).toBe('run 3: !')
  expect(await ask(caller, 'anna', 'k')).toBe('run 3: !')
  expect(await ask(caller)).toBe('run 4: !')
  expect(await ask(caller)).toBe('run 5: !')
})

test('whoever may not call any more does not get a kept reply', async () => {
  const { proc, gate } = counting()
  gate.open.resolve()
  const { caller, callee } = await pair(proc)
  const call = async (): Promise<Uint8Array> => {
    const stream = caller.router.open(callee.addressOf(proc), { caller: 'browser', key: 'k' })
    await send(stream)
    return readAll(stream)
  }
  expect(text(await call())).toBe('run 1: ')
  proc.policy = { ...proc.policy, callers: 'browser' }
  await expect(call()).rejects.toMatchObject({ code: 'ERR_DENIED' })
})

test('a request with a key that a gateway passes on is answered when it comes again after a lost connection', async () => {
  const { proc, gate, runs } = counting()
  const { proc: second } = makeProc(() => echo)
  const { caller, callee } = await pair(proc, second)
  const env = {
    log: () => SILENT,
    localHost: () => ({ peerId: caller.peerId, addrs: () => [] }),
    routing: () => caller.mesh.routing,
  }
  const http = createHttp({ env, router: caller.router })
  const post = (): Promise<Response> => {
    const headers = { 'idempotency-key': '"order 2"' }
    const path = `/ww/0.1.0/${callee.peerId}/${proc.pid}/run`
    return http(new Request(`http://glia.test${path}`, { method: 'POST', body: 'pen', headers }))
  }
  const lost = post()
  await gate.begun.promise
  // What the callee sent before the reply to this call has come: also that it keeps the first one.
  const barrier = caller.router.open(callee.addressOf(second), { caller: 'browser' })
  await send(barrier)
  await readAll(barrier)
  breakOff(callee, caller)
  expect((await lost).status).toBe(502)
  await caller.mesh.connect(whereIs(callee))
  gate.open.resolve()
  const reply = await post()
  expect([reply.status, await reply.text(), runs()]).toEqual([200, 'run 1: pen', 1])
})
