import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'
import { afterEach, expect, test } from 'vitest'
import { sendAll } from './libp2p-stream.ts'
import { STREAM_WINDOW_BYTES } from './limits.ts'
import { Pulse } from './pulse.ts'

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

/** A line to a port that carries so much to who uses it. @returns its port */
async function slowLine(port: number, bytesPerSecond: number): Promise<number> {
  const ends: Socket[] = []
  const line = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    ends.push(
      near.on('error', () => undefined),
      far.on('error', () => undefined),
    )
    near.pipe(far)
    far.on('data', (data) => {
      far.pause()
      setTimeout(() => near.write(data) && far.resume(), (1000 * data.length) / bytesPerSecond)
      near.once('drain', () => far.resume())
    })
  })
  line.listen(0, '127.0.0.1')
  await once(line, 'listening')
  over.push(
    () => line.close(),
    () => ends.forEach((end) => end.destroy()),
  )
  return (line.address() as AddressInfo).port
}

test('a slow line over which a reply comes is not taken for a dead one', { timeout: 20_000 }, async () => {
  const [client, server] = await Promise.all([node(), node(['/ip4/127.0.0.1/tcp/0'])])
  const reply = new Uint8Array(64 * 1024)
  const count = 48
  await server.handle('/reply', async (stream) => {
    for (let i = 0; i < count; i++) await sendAll(stream, reply)
  })
  const port = Number(server.getMultiaddrs()[0]?.toString().split('/')[4])
  const line = await slowLine(port, 1024 * 1024)
  const connection = await client.dial(multiaddr(`/ip4/127.0.0.1/tcp/${line}`))
  const pulse = new Pulse({ connection, everyMs: () => 100, answerMs: 400 })
  over.push(() => pulse.stop())
  let received = 0
  const stream = await connection.newStream('/reply')
  stream.addEventListener('message', ({ data }) => (received += data.byteLength))
  await expect.poll(() => received || connection.status, { timeout: 5000 }).toBeGreaterThan(0)
  await expect
    .poll(() => (connection.status === 'open' ? received : connection.status), { timeout: 15_000 })
    .toBe(count * reply.length)
})
