import { once } from 'node:events'
import type { Socket } from 'node:net'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startNode } from '../../mesh/test-nodes.ts'
import { MAX_HANDSHAKES } from '../limits.ts'
import type { GliaServer } from '../server.ts'
import { ask, testServers, type TestServers } from '../test-server.ts'
import { closed, openSocket, portOf, upgrade } from '../test-sockets.ts'

let servers: TestServers
let server: GliaServer
const sockets: Socket[] = []

beforeAll(async () => {
  servers = await testServers()
  server = await servers.start({ perAddress: 2 })
})

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

afterAll(() => servers.end())

async function open(port: 'ws' | 'tcp'): Promise<Socket> {
  const socket = await openSocket(portOf(server, port))
  sockets.push(socket)
  return socket
}

/** A WebSocket of a client behind a proxy on this machine. It sends nothing more. */
async function clientOfProxy(client: string): Promise<Socket> {
  const socket = await open('ws')
  expect(await upgrade(socket, { 'x-forwarded-for': client })).toMatch(/^HTTP\/1\.1 101 /)
  return socket
}

async function refused(what: string): Promise<number> {
  const { body } = await ask('/metrics', { port: server.port })
  return Number(new RegExp(`^glia_refused_total\\{what="${what}"\\} (.*)$`, 'm').exec(body)?.[1] ?? 0)
}

/** A native peer connects. */
async function joins(port: 'ws' | 'tcp'): Promise<void> {
  const { mesh } = await startNode([], { transports: [tcp(), webSockets()] })
  try {
    const address = server.relayAddresses.find((each) => each.includes('/ws/') === (port === 'ws')) ?? ''
    expect(await mesh.connect(address)).toBe(server.peerId)
  } finally {
    await mesh.stop()
  }
}

test.each(['tcp', 'ws'] as const)(
  'silent connections to the %s port, more than there are places, shut nobody out',
  { timeout: 60_000 },
  async (port) => {
    await Promise.all(Array.from({ length: MAX_HANDSHAKES + 50 }, () => open(port)))
    await expect.poll(() => refused('handshake')).toBeGreaterThanOrEqual(50)
    await joins(port)
  },
)

test('of one address, the oldest handshake is ended for a new one, and others keep theirs', async () => {
  const other = await clientOfProxy('198.51.100.9')
  const first = await clientOfProxy('198.51.100.7')
  const second = await clientOfProxy('198.51.100.7')
  await clientOfProxy('198.51.100.7')
  await closed(first)
  expect([other.closed, second.closed]).toEqual([false, false])
})

test('half-sent heads, more than there are places, close the HTTP port to nobody', { timeout: 60_000 }, async () => {
  const before = await refused('request')
  // This machine has eight times the 2 x 2 waiting sockets of another address.
  for (let i = 0; i < 100; i++) {
    const socket = await openSocket(server.port)
    sockets.push(socket)
    socket.write('GET /status HTTP/1.1\r\nHost: ')
  }
  expect(await refused('request')).toBeGreaterThanOrEqual(before + 60)
  expect((await ask('/status', { port: server.port })).status).toBe(200)
})

test('a client that keeps its connection has it for its next request', async () => {
  const socket = await openSocket(server.port)
  sockets.push(socket)
  for (let i = 0; i < 3; i++) {
    socket.write('GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /)
  }
})
