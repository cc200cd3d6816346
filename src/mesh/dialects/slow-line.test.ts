import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Connection } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'
import { afterEach, expect, test } from 'vitest'
import { sendAll } from '../patches/send-all.ts'
import { STREAM_WINDOW_BYTES } from '../limits.ts'
import { probe } from './probe.ts'
import { Pulse } from '../presence/pulse.ts'

const over: (() => unknown)[] = []

afterEach(async () => {
  for (const end of over.splice(0)) await end()
})

async function node(listen: string[] = []): Promise<Libp2p> {
  const made = await createLibp2p({
    transports: [tcp()],
    addresses: { listen },
    connectionEncrypters: [noise()],
    connectionMonitor: { enabled: false },
    streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: STREAM_WINDOW_BYTES } })],
    services: { ping: ping() },
  })
  over.push(() => made.stop())
  return made
}

/** A line to a port with a fixed rate. Once it is cut it carries nothing. */
async function slowLine(port: number, bytesPerSecond: number): Promise<{ port: number; cut(): void }> {
  let isCut = false
  const ends: Socket[] = []
  const line = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    ends.push(
      near.on('error', () => undefined),
      far.on('error', () => undefined),
    )
    near.pipe(far)
    far.on('data', (data) => {
      if (isCut) return
      far.pause()
      setTimeout(() => near.write(data) && far.resume(), (1000 * data.length) / bytesPerSecond)
    })
    near.on('drain', () => far.resume())
  })
  line.listen(0, '127.0.0.1')
  await once(line, 'listening')
  over.push(
    () => line.close(),
    () => ends.forEach((end) => end.destroy()),
  )
  return { port: (line.address() as AddressInfo).port, cut: () => (isCut = true) }
}

/** A connection over a line on which a large reply is arriving. */
interface SlowReply {
  connection: Connection
  /** Resolves to the number of bytes, when all have come or the connection has ended. */
  whole(): Promise<number>
  /** From now on the line carries nothing, and still looks open. */
  cut(): void
  /** Bytes of the reply. */
  length: number
}

/** Starts a reply of 3 MiB over a line that takes three seconds for it. Resolves when its first bytes are there. */
async function slowReply(): Promise<SlowReply> {
  const [client, server] = await Promise.all([node(), node(['/ip4/127.0.0.1/tcp/0'])])
  const piece = new Uint8Array(64 * 1024)
  const count = 48
  await server.handle('/reply', async (stream) => {
    for (let i = 0; i < count; i++) await sendAll(stream, piece)
  })
  const port = Number(server.getMultiaddrs()[0]?.toString().split('/')[4])
  const line = await slowLine(port, 1024 * 1024)
  const connection = await client.dial(multiaddr(`/ip4/127.0.0.1/tcp/${line.port}`))
  let received = 0
  const stream = await connection.newStream('/reply')
  stream.addEventListener('message', ({ data }) => (received += data.byteLength))
  await expect.poll(() => received || connection.status, { timeout: 5000 }).toBeGreaterThan(0)
  const length = count * piece.length
  const isOver = (): boolean => received === length || connection.status !== 'open'
  const whole = async (): Promise<number> => {
    await expect.poll(isOver, { timeout: 15_000 }).toBe(true)
    return received
  }
  return { connection, whole, length, cut: () => line.cut() }
}

test('a slow line over which a reply comes is not taken for a dead one', { timeout: 20_000 }, async () => {
  const { connection, whole, length } = await slowReply()
  const pulse = new Pulse({ connection, everyMs: () => 100, answerMs: 400 })
  expect(await whole()).toBe(length)
  pulse.stop()
})

test(
  'a connection over which a reply comes is not doubted, however slow its line is',
  { timeout: 20_000 },
  async () => {
    const { connection, whole, length } = await slowReply()
    expect(await probe(connection, 300)).toBe(true)
    expect(await whole()).toBe(length)
  },
)

test('a connection over which nothing comes is ended', { timeout: 20_000 }, async () => {
  const { connection, cut } = await slowReply()
  cut()
  // Bytes that were under way may still come.
  await expect.poll(() => probe(connection, 300), { timeout: 10_000 }).toBe(false)
  expect(connection.status).not.toBe('open')
})
