import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { NO_CONTEXT } from '../../glia/call-context.ts'
import { bytes, echo, makeProc, type Run, text } from '../../glia/test-peer.ts'
import type { MeshNode } from '../../mesh/node.ts'
import { plainClient } from '../../mesh/test-nodes.ts'
import type { GliaServer } from '../server.ts'
import { ask, testServers, type TestServers } from '../test-server.ts'
import { startTab } from '../test-tab.ts'

let servers: TestServers
let relay: GliaServer
const tabs: MeshNode[] = []

beforeAll(async () => {
  servers = await testServers()
  relay = await servers.start()
})

afterAll(async () => {
  await Promise.all(tabs.map((tab) => tab.stop()))
  await servers.end()
})

function wsOf({ relayAddresses }: GliaServer): string {
  return relayAddresses.find((address) => address.includes('/ws/')) ?? ''
}

function tcpOf({ relayAddresses }: GliaServer): string {
  return relayAddresses.find((address) => !address.includes('/ws/')) ?? ''
}

/** A tab with one process that can be reached through a relay. */
async function tabAt(server: GliaServer, run: Run = echo): Promise<{ tab: MeshNode; path: string }> {
  const { proc } = makeProc(() => run)
  const tab = await startTab(proc, [wsOf(server)])
  tabs.push(tab)
  await expect.poll(() => tab.relays()[0]?.state, { timeout: 30_000 }).toBe('reserved')
  return { tab, path: `/ww/0.1.0/${tab.peerId}/${proc.pid}/run` }
}

async function metric(server: GliaServer, name: string): Promise<number> {
  const { body } = await ask('/metrics', { port: server.port })
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(body)?.[1] ?? 0)
}

test.each([
  ['a frame without its mask', Buffer.from([0x88, 0x00])],
  ['a frame of no known kind', Buffer.from([0x83, 0x80, 0, 0, 0, 0])],
  ['a text where libp2p has bytes', Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x78])],
])('%s ends its connection to the relay, and nothing else', async (_, frame) => {
  const port = Number(/tcp\/(\d+)/.exec(wsOf(relay))?.[1])
  const socket = connect(port, '127.0.0.1')
  const closed = once(socket, 'close')
  socket.on('error', () => undefined)
  const key = Buffer.alloc(16).toString('base64')
  socket.write(
    `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  )
  await once(socket, 'data')
  socket.end(frame)
  await closed
  expect((await ask('/status', { port: relay.port })).status).toBe(200)
})

test('the gateway reaches a tab at its own relay, and says why where it does not', async () => {
  const { path } = await tabAt(relay)
  expect((await ask(path, { port: relay.port, method: 'POST', body: 'hello' })).body).toBe('hello')
  const missing = await ask(path.replace(/run$/, 'none'), { port: relay.port, method: 'POST', body: 'x' })
  expect([missing.status, JSON.parse(missing.body)]).toMatchObject([
    404,
    { code: expect.stringMatching(/^ERR_NO_/) as unknown },
  ])
})

test('a native peer calls a tab through the relay as over any connection: the circuit has no limits', async () => {
  const { tab, path } = await tabAt(relay)
  const client = await plainClient()
  const connection = await client.dial(multiaddr(`${tcpOf(relay)}/p2p-circuit/p2p/${tab.peerId}`))
  expect(connection.limits).toBeUndefined()
  const stream = await connection.newStream(path)
  stream.send(bytes('hello'))
  const reply = stream[Symbol.asyncIterator]().next()
  await stream.close()
  expect(text((await reply).value.subarray())).toBe('hello')
})

test('a reply in large pieces goes through the relay, whose frames are bounded', async () => {
  const piece = new Uint8Array(1024 * 1024)
  const { tab, path } = await tabAt(relay, async ({ write }) => {
    for (let i = 0; i < 6; i++) await write(piece)
  })
  const client = await plainClient()
  const connection = await client.dial(multiaddr(`${tcpOf(relay)}/p2p-circuit/p2p/${tab.peerId}`))
  const stream = await connection.newStream(path)
  let received = 0
  const end = new Promise((resolve, reject) => {
    stream.addEventListener('message', ({ data }) => (received += data.byteLength))
    stream.addEventListener('remoteCloseWrite', resolve)
    stream.addEventListener('close', ({ error }) => error && reject(error))
  })
  await stream.close()
  await end
  expect(received).toBe(6 * piece.length)
})

test('the gateway reaches a tab behind another relay that it has joined', async () => {
  const other = await servers.start({ relays: [tcpOf(relay)] })
  const { path } = await tabAt(other)
  await expect
    .poll(async () => (await ask(path, { port: relay.port, method: 'POST', body: 'hello' })).body, { timeout: 20_000 })
    .toBe('hello')
})

test('a gateway finds a tab behind a relay that it knows nothing of, by way of the one they both joined', async () => {
  const [near, far] = await Promise.all([
    servers.start({ relays: [tcpOf(relay)] }),
    servers.start({ relays: [wsOf(relay)] }),
  ])
  const { path } = await tabAt(far)
  await expect
    .poll(async () => (await ask(path, { port: near.port, method: 'POST', body: 'hello' })).body, { timeout: 20_000 })
    .toBe('hello')
})

test('two tabs call each other through the relay, which counts the circuit and its bytes', async () => {
  const near = await tabAt(relay)
  const far = await tabAt(relay)
  const before = await metric(relay, 'glia_relayed_bytes_total\\{direction="in"\\}')
  const [, , , host = '', proc = ''] = far.path.split('/')
  const stream = await near.tab.open(
    { host, proc: proc as never, method: 'run' },
    { signal: AbortSignal.timeout(10_000), context: NO_CONTEXT },
  )
  const message = new Uint8Array(500_000)
  const sent = stream.write(message).then(() => stream.closeWrite())
  let received = 0
  for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) received += chunk.length
  await sent
  expect(received).toBe(message.length)
  expect(await metric(relay, 'glia_circuits_open')).toBeGreaterThan(0)
  expect((await metric(relay, 'glia_relayed_bytes_total\\{direction="in"\\}')) - before).toBeGreaterThan(1_000_000)
  expect(await metric(relay, 'glia_libp2p_bytes_total\\{direction="out"\\}')).toBeGreaterThan(1_000_000)
  expect(await metric(relay, 'glia_libp2p_bytes_total\\{direction="in"\\}')).toBeGreaterThan(1_000_000)
  near.tab.leave()
  await expect.poll(() => metric(relay, 'glia_circuits_open')).toBe(0)
})

test('a reservation goes with its tab', async () => {
  const { tab } = await tabAt(relay)
  const before = await metric(relay, 'glia_reservations')
  await tab.stop()
  await expect.poll(() => metric(relay, 'glia_reservations')).toBe(before - 1)
})

test('twenty tabs of one machine join at once', { timeout: 60_000 }, async () => {
  const own = await servers.start()
  await Promise.all(Array.from({ length: 20 }, () => tabAt(own)))
  expect(await metric(own, 'glia_reservations')).toBe(20)
  expect(await metric(own, 'glia_connections\\{direction="inbound",transport="ws"\\}')).toBeGreaterThanOrEqual(20)
})

test('relays that have joined each other find each other again after a restart', async () => {
  const data = await servers.newFolder()
  const first = await servers.start({ data })
  const tcp = Number(/tcp\/(\d+)/.exec(tcpOf(first))?.[1])
  const joined = await servers.start({ relays: [tcpOf(first)] })
  const out = (): Promise<number> => metric(joined, 'glia_connections\\{direction="outbound",transport="tcp"\\}')
  await expect.poll(out).toBe(1)
  await first.stop()
  await expect.poll(out).toBe(0)
  await servers.start({ data, tcp })
  await expect.poll(out, { timeout: 15_000 }).toBe(1)
})

test('a call whose client goes away ends at the tab too', async () => {
  const aborted = Promise.withResolvers<unknown>()
  const { path } = await tabAt(relay, async ({ signal, write }) => {
    signal.addEventListener('abort', () => aborted.resolve(signal.reason), { once: true })
    await write(bytes('begun'))
    await aborted.promise
  })
  const call = request({ port: relay.port, host: '127.0.0.1', path, method: 'POST' }).on('error', () => undefined)
  call.end('x')
  const [reply] = (await once(call, 'response')) as [IncomingMessage]
  reply.on('error', () => undefined)
  call.destroy()
  expect(await aborted.promise).toMatchObject({ code: 'ERR_ABORTED' })
})

test('a tab that goes away in the middle of a reply breaks the body', async () => {
  const { tab, path } = await tabAt(relay, async ({ write }) => {
    await write(bytes('begun'))
    await new Promise(() => undefined)
  })
  const call = request({ port: relay.port, host: '127.0.0.1', path, method: 'POST' })
  call.end('x')
  const [reply] = (await once(call, 'response')) as [IncomingMessage]
  const read = (async () => {
    for await (const chunk of reply) void chunk
  })()
  tab.leave()
  await expect(read).rejects.toThrow('aborted')
})
