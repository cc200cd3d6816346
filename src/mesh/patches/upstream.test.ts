// The libraries as they come, without our workarounds: a test that fails here says that upstream has mended something.
import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import type { Connection, ConnectionEncrypter, Libp2p, MessageStream, PeerId, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { webSockets } from '@libp2p/websockets'
import { YamuxStream } from '@libp2p/yamux/stream'
import { identify } from '@libp2p/identify'
import { afterEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { captureComponents } from '../libp2p/components.ts'
import { plainClient } from '../test-nodes.ts'
import type { ReservationStore } from './reservation-store.ts'

const PROTOCOL = '/test/1.0.0'
const TCP = { addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] } }

afterEach(() => vi.unstubAllGlobals())

function relayServer(): Promise<Libp2p> {
  return plainClient({ ...TCP, services: { identify: identify(), relay: circuitRelayServer() } })
}

function addressOf(node: Libp2p): ReturnType<Libp2p['getMultiaddrs']>[number] {
  const [address] = node.getMultiaddrs()
  if (!address) throw new Error('the node listens nowhere')
  return address
}

/** A stream between two nodes, and its other end. */
async function streams(init = {}): Promise<{ near: Stream; far: Stream; connection: Connection }> {
  const [client, server] = await Promise.all([plainClient(init), plainClient(TCP)])
  const taken = Promise.withResolvers<Stream>()
  await server.handle(PROTOCOL, (stream) => taken.resolve(stream))
  const connection = await client.dial(addressOf(server))
  const near = await connection.newStream(PROTOCOL)
  return { near, far: await taken.promise, connection }
}

function message(stream: Stream): Promise<void> {
  return new Promise((resolve) => stream.addEventListener('message', () => resolve(), { once: true }))
}

test('window-updates.ts: yamux gives a new window after each message', async () => {
  const { near, far } = await streams()
  const sent = vi.spyOn(far as unknown as { sendFrame(header: { type: number }): boolean }, 'sendFrame')
  expect(far).toBeInstanceOf(YamuxStream)
  for (let i = 0; i < 3; i++) {
    const came = message(far)
    near.send(Uint8Array.of(i))
    await came
  }
  const WINDOW_UPDATE = 1
  expect(sent.mock.calls.filter(([{ type }]) => type === WINDOW_UPDATE).length).toBeGreaterThanOrEqual(2)
})

test('one-piece.ts: noise sends the length of a message as a piece of its own', async () => {
  const pieces: number[] = []
  const watched = (components: Parameters<ReturnType<typeof noise>>[0]): ConnectionEncrypter => {
    const encrypter = noise()(components)
    const secure = encrypter.secureOutbound.bind(encrypter)
    encrypter.secureOutbound = (connection: MessageStream, options) => {
      const send = connection.send.bind(connection)
      connection.send = (data) => {
        for (const piece of data instanceof Uint8Array ? [data] : data) pieces.push(piece.byteLength)
        return send(data)
      }
      return secure(connection, options)
    }
    return encrypter
  }
  const { near, far } = await streams({ connectionEncrypters: [watched] })
  pieces.length = 0
  const came = message(far)
  near.send(new Uint8Array(10))
  await came
  expect(pieces).toContain(2)
})

test('closing-sockets.ts: the WebSocket of an aborted connection stays open', async () => {
  vi.stubGlobal('WebSocket', WebSocket)
  const server = await plainClient({ addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] }, transports: [webSockets()] })
  const client = await plainClient({ transports: [webSockets()] })
  const connection = await client.dial(addressOf(server))
  const { websocket } = (connection as unknown as { maConn: { websocket: WebSocket } }).maConn
  connection.abort(new Error('no answer'))
  expect(websocket.readyState).toBe(WebSocket.OPEN)
  websocket.terminate()
})

/** A node, and the reservations of its transport for circuits. */
async function reserving(): Promise<{ client: Libp2p; store: ReservationStore }> {
  const parts = captureComponents()
  const client = await plainClient({ services: { identify: identify(), parts: parts.capture } })
  const { transportManager } = parts.captured()
  const relay = transportManager.getTransports().find((transport) => 'reservationStore' in transport)
  return { client, store: (relay as unknown as { reservationStore: ReservationStore }).reservationStore }
}

test('reservation-queue.ts: a reservation that is made throws those out that wait', async () => {
  const [{ client, store }, first, second] = await Promise.all([reserving(), relayServer(), relayServer()])
  for (const relay of [first, second]) await client.dial(addressOf(relay))
  const made = store.addRelay(first.peerId, 'configured')
  // It is forgotten, so its promise may stay open.
  void store.addRelay(second.peerId, 'configured').catch(() => undefined)
  const { reserveQueue } = store as unknown as { reserveQueue: { find(peer: PeerId): unknown } }
  expect(reserveQueue.find(second.peerId)).toBeDefined()
  await made
  expect(reserveQueue.find(second.peerId)).toBeUndefined()
  expect(store.getReservation(second.peerId)).toBeUndefined()
})

test('reservation-store.ts: a relay that was none once is asked no more', async () => {
  const [{ client, store }, server] = await Promise.all([reserving(), plainClient(TCP)])
  await client.dial(addressOf(server))
  await expect(store.addRelay(server.peerId, 'configured')).rejects.toThrow('Protocol selection failed')
  await expect(store.addRelay(server.peerId, 'configured')).rejects.toThrow('previously invalid')
})

test('limit-seconds.ts: a relay states its limit in milliseconds', async () => {
  const relay = await relayServer()
  const [caller, callee] = await Promise.all([plainClient(), plainClient()])
  await callee.dial(addressOf(relay))
  const listen = addressOf(relay).encapsulate('/p2p-circuit')
  await transportsOf(callee).listen([listen])
  const connection = await caller.dial(listen.encapsulate(`/p2p/${callee.peerId.toString()}`))
  expect(connection.limits?.seconds).toBe(2 * 60 * 1000)
})

function transportsOf(node: Libp2p): { listen(addresses: unknown[]): Promise<void> } {
  return (node as unknown as { components: { transportManager: { listen(addresses: unknown[]): Promise<void> } } })
    .components.transportManager
}

test('protocol-prefix.ts: a handler takes one protocol id, and not those that begin with it', async () => {
  const [client, server] = await Promise.all([plainClient(), plainClient(TCP)])
  await server.handle('/prefix', () => undefined)
  const connection = await client.dial(addressOf(server))
  await expect(connection.newStream('/prefix/more')).rejects.toThrow('/prefix/more')
})

test('brake.ts: a stream that a listener pauses during resume() gives the sender a window all the same', async () => {
  const { near, far } = await streams()
  far.pause()
  near.send(new Uint8Array(10))
  await expect.poll(() => far.readBufferLength).toBe(10)
  const { sendResume } = far as unknown as { sendResume(): void }
  const statuses: string[] = []
  Object.assign(far, {
    sendResume: () => {
      statuses.push(far.readStatus)
      sendResume.call(far)
    },
  })
  far.addEventListener('message', () => far.pause(), { once: true })
  far.resume()
  expect(statuses).toEqual(['paused'])
})

test('send-all.ts: an abort tells that a stream is idle, as if all had been sent', async () => {
  const { near } = await streams()
  const told: string[] = []
  for (const name of ['idle', 'close'] as const) near.addEventListener(name, () => told.push(name))
  // More than the window, so that a part of it waits.
  near.send(new Uint8Array(2 ** 20))
  near.abort(new Error('given up'))
  expect(told).toEqual(['idle', 'close'])
})
