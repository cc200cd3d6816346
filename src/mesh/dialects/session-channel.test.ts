import { multiaddr } from '@multiformats/multiaddr'
import type { Libp2p } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { afterAll, expect, test } from 'vitest'
import { newPid } from '../../glia/pid.ts'
import { Session } from '../../glia/session/session.ts'
import type { Stream } from '../../glia/stream/stream.ts'
import { acceptStreams } from '../../glia/stream/stream.acceptance.ts'
import { SESSION_PROTOCOL, STREAM_WINDOW_BYTES } from '../limits.ts'
import { Libp2pChannel } from './session-channel.ts'

const streamMuxers = [yamux({ streamOptions: { maxStreamWindowSize: STREAM_WINDOW_BYTES } })]
const connectionEncrypters = [noise()]
const listen = ['/ip4/127.0.0.1/tcp/0']
const server: Libp2p = await createLibp2p({
  transports: [tcp()],
  addresses: { listen },
  connectionEncrypters,
  streamMuxers,
})
const client = await createLibp2p({ transports: [tcp()], connectionEncrypters, streamMuxers })
const local = client.peerId.toString()
const remote = server.peerId.toString()
const arrivals: ((stream: Stream) => void)[] = []

await server.handle(SESSION_PROTOCOL, (stream) => {
  const channel = new Libp2pChannel(stream)
  void new Session({ channel, local: remote, remote: local, serve: (call) => arrivals.shift()?.(call) }).ended
})

afterAll(async () => {
  await Promise.all([client.stop(), server.stop()])
})

async function openSession(): Promise<Session> {
  const connection = await client.dial(multiaddr(server.getMultiaddrs()[0]?.toString()))
  const stream = await connection.newStream(SESSION_PROTOCOL, { maxOutboundStreams: 1000 })
  return new Session({ channel: new Libp2pChannel(stream), local, remote })
}

acceptStreams('a session over libp2p', {
  async open() {
    const arrived = new Promise<Stream>((resolve) => arrivals.push(resolve))
    const session = await openSession()
    const call = session.open({ host: remote, proc: newPid(), method: 'run' })
    const served = await arrived
    // The session lives as long as its call.
    call.signal.addEventListener('abort', () => session.end())
    return [call, served]
  },
})

test('a connection that is lost fails the calls of its sessions', async () => {
  const arrived = new Promise<Stream>((resolve) => arrivals.push(resolve))
  const session = await openSession()
  const call = session.open({ host: remote, proc: newPid(), method: 'run' })
  const served = await arrived
  const [reading, read] = [call.read(), served.read()]
  for (const connection of client.getConnections()) connection.abort(new Error('pulled the plug'))
  await expect(reading).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
  await expect(read).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
})
