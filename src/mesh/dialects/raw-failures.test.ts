import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { formatAddress } from '../../glia/address.ts'
import { GliaError } from '../../glia/errors.ts'
import { bytes, echo, makeProc, OTHER, type Run } from '../../glia/test-peer.ts'
import { MAX_FAILURE_MESSAGE, MAX_FAILURES, WHY_PROTOCOL } from '../limits.ts'
import { glia, plainClient, type TestNode, whereIs } from '../test-nodes.ts'
import { askText } from './text-answer.ts'

// A caller in the raw dialect sees a reset, and asks for its reason.

let times = 0

const methods: Record<string, Run> = {
  echo,
  exit: async (message) => {
    await message.write(bytes('half'))
    throw new GliaError('ERR_EXITED', 'exit exited with code 3.', { exitCode: 3 })
  },
  trap: async (message) => {
    message.wroteToStderr?.(bytes('no money'))
    throw new GliaError('ERR_TRAPPED', 'trap trapped: unreachable.')
  },
  count: async () => Promise.reject(new GliaError('ERR_FAILED', `failure ${++times} ${'x'.repeat(5000)}`)),
}

async function callee(policy: object = {}) {
  const { proc } = makeProc(() => (message, actor, method) => methods[method]?.(message, actor, method) ?? fail(), {
    methods: Object.keys(methods),
    policy,
  })
  return { proc, node: await glia([proc], { listen: ['/ip4/127.0.0.1/tcp/0'] }) }
}

function fail(): never {
  throw new Error('there is no such method')
}

async function connect(to: TestNode): Promise<Connection> {
  const client = await plainClient()
  return client.dial(multiaddr(whereIs(to)))
}

/** Calls a method, and resolves when the stream is over. */
async function call(
  connection: Connection,
  node: TestNode,
  proc: Parameters<TestNode['addressOf']>[0],
  method: string,
) {
  const stream = await connection.newStream(formatAddress(node.addressOf(proc, method)))
  const over = new Promise((resolve) => stream.addEventListener('close', resolve, { once: true }))
  stream.addEventListener('message', () => undefined)
  // A refused call may be over already.
  await stream.close().catch(() => undefined)
  if (stream.status === 'open' || stream.status === 'closing') await over
  return stream.status
}

async function why(connection: Connection): Promise<unknown> {
  const question = { protocol: WHY_PROTOCOL, maxLength: 200_000, tooLong: () => new Error('too long') }
  return JSON.parse(await askText(connection, question, AbortSignal.timeout(10_000)))
}

test('a caller learns why its calls were reset, with the newest reason last', async () => {
  const { proc, node } = await callee()
  const connection = await connect(node)
  expect(await why(connection)).toEqual([])
  expect(await call(connection, node, proc, 'echo')).toBe('closed')
  for (const method of ['exit', 'trap']) expect(await call(connection, node, proc, method)).toBe('reset')
  const to = (method: string): string => formatAddress(node.addressOf(proc, method))
  const at = expect.any(Number) as unknown
  const place = { peer: node.peerId, process: expect.stringMatching(/^\w{16,22}$/) as unknown }
  expect(await why(connection)).toEqual([
    { at, to: to('exit'), code: 'ERR_EXITED', message: 'exit exited with code 3.', exitCode: 3, ...place },
    { at, to: to('trap'), code: 'ERR_TRAPPED', message: 'trap trapped: unreachable.', ...place },
  ])
})

test('nobody learns of the calls of another peer, nor of another connection of the same peer', async () => {
  const { proc, node } = await callee()
  const [one, other] = await Promise.all([connect(node), connect(node)])
  await call(one, node, proc, 'trap')
  expect(await why(other)).toEqual([])
  expect(await why(one)).toHaveLength(1)
})

test('the last ten are kept, with a bounded sentence', async () => {
  const { proc, node } = await callee()
  const connection = await connect(node)
  times = 0
  // oxlint-disable-next-line no-await-in-loop -- their order counts
  for (let i = 0; i < MAX_FAILURES + 3; i++) await call(connection, node, proc, 'count')
  const told = (await why(connection)) as { message: string }[]
  expect(told.map(({ message }) => message.split(' ')[1])).toEqual(
    Array.from({ length: MAX_FAILURES }, (_, i) => `${i + 4}`),
  )
  for (const { message } of told) expect(message).toHaveLength(MAX_FAILURE_MESSAGE)
})

test('a caller that the policy does not list learns that, and stderr only if the policy shows it', async () => {
  const closed = await callee({ callers: [OTHER] })
  const stranger = await connect(closed.node)
  await call(stranger, closed.node, closed.proc, 'trap')
  expect(await why(stranger)).toMatchObject([{ code: 'ERR_DENIED' }])
  const open = await callee({ stderr: 'anyone' })
  const friend = await connect(open.node)
  await call(friend, open.node, open.proc, 'trap')
  expect(await why(friend)).toMatchObject([{ code: 'ERR_TRAPPED', stderr: 'no money' }])
})
