// For tests: the raw dialect between real libp2p nodes. The test holds the Stream of a call.
import { multiaddr } from '@multiformats/multiaddr'
import type { Connection, Libp2p, Stream as Libp2pStream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { afterAll } from 'vitest'
import { formatAddress } from '../glia/address.ts'
import { newPid } from '../glia/pid.ts'
import type { Stream } from '../glia/stream/stream.ts'
import { STREAM_WINDOW_BYTES } from './limits.ts'
import { rawProtocol } from './dialects/raw-protocol.ts'

export interface ConnectOptions {
  /** Makes a port through which the client reaches another port. Left out: it connects directly. */
  way?: (port: number) => Promise<number>
  /** Largest window of a stream that the client gives, in bytes. Left out: yamux's default. */
  windowBytes?: number
}

export interface RawServer {
  libp2p: Libp2p
  /** A native client, connected. */
  connect(options?: ConnectOptions): Promise<{ client: Libp2p; connection: Connection }>
  /** Opens a call on a connection. Resolves when the server has the call. */
  call(connection: Connection): Promise<{ native: Libp2pStream; served: Stream }>
}

/** A libp2p node without Glia. It is stopped after the tests. */
async function native(listen: string[] = [], windowBytes?: number): Promise<Libp2p> {
  const node = await createLibp2p({
    transports: [tcp()],
    addresses: { listen },
    connectionEncrypters: [noise()],
    streamMuxers: [yamux(windowBytes === undefined ? {} : { streamOptions: { maxStreamWindowSize: windowBytes } })],
  })
  afterAll(() => node.stop())
  return node
}

/** A peer that takes calls in the raw dialect. It is stopped after the tests. */
export async function rawServer(): Promise<RawServer> {
  const arrivals: ((stream: Stream) => void)[] = []
  const libp2p: Libp2p = await createLibp2p({
    transports: [tcp()],
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: STREAM_WINDOW_BYTES } })],
    // libp2p lets five connections a second in from one address.
    connectionManager: { inboundConnectionThreshold: 1000 },
    services: {
      raw: rawProtocol({
        get self(): string {
          return libp2p.peerId.toString()
        },
        isServed: () => true,
        serveStream: async (stream) => arrivals.shift()?.(stream),
        status: () => '',
      }),
    },
  })
  afterAll(() => libp2p.stop())
  return {
    libp2p,
    async connect({ way, windowBytes } = {}) {
      const client = await native([], windowBytes)
      const port = Number(libp2p.getMultiaddrs()[0]?.toString().split('/')[4])
      const reached = way ? await way(port) : port
      return { client, connection: await client.dial(multiaddr(`/ip4/127.0.0.1/tcp/${reached}`)) }
    },
    async call(connection) {
      const arrived = new Promise<Stream>((resolve) => arrivals.push(resolve))
      const address = { host: libp2p.peerId.toString(), proc: newPid(), method: 'run' }
      return { native: await connection.newStream(formatAddress(address)), served: await arrived }
    },
  }
}

/** A connection to a peer that takes streams of a protocol and never answers on them. */
export async function silentPeer(protocol: string): Promise<Connection> {
  const [peer, client] = await Promise.all([native(['/ip4/127.0.0.1/tcp/0']), native()])
  await peer.handle(protocol, () => undefined)
  return client.dial(peer.getMultiaddrs())
}

/** The answer to a question on a stream of its own, as text, or `reset`. */
export async function answerOn(connection: Connection, protocol: string, question: string): Promise<string> {
  const stream = await connection.newStream(protocol)
  const ended = new Promise<string>((resolve) => {
    let answer = ''
    if (stream.status === 'reset') resolve('reset')
    stream.addEventListener('message', ({ data }) => (answer += new TextDecoder().decode(data.subarray())))
    stream.addEventListener('remoteCloseWrite', () => resolve(answer))
    stream.addEventListener('close', ({ error }) => resolve(error ? 'reset' : answer))
  })
  stream.send(new TextEncoder().encode(question))
  await stream.close().catch(() => undefined)
  return ended
}
