import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import type { Libp2p } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { afterAll } from 'vitest'
import { newPid } from '../glia/pid.ts'
import type { Stream } from '../glia/stream.ts'
import { acceptStreams } from '../glia/stream.acceptance.ts'
import { STREAM_WINDOW_BYTES } from './limits.ts'
import { rawCall, rawProtocol } from './raw-protocol.ts'
import { formatAddress } from '../glia/address.ts'

const proc = newPid()
const arrivals: ((stream: Stream) => void)[] = []
const server: Libp2p = await createLibp2p({
  transports: [tcp()],
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  connectionEncrypters: [noise()],
  streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: STREAM_WINDOW_BYTES } })],
  services: {
    raw: rawProtocol({
      get self(): string {
        return server.peerId.toString()
      },
      serves: () => true,
      serve: async (stream) => arrivals.shift()?.(stream),
      status: () => '',
    }),
  },
})
const client = await createLibp2p({
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: STREAM_WINDOW_BYTES } })],
})

afterAll(async () => {
  await Promise.all([client.stop(), server.stop()])
})

acceptStreams('the raw dialect over libp2p', {
  bare: true,
  async open() {
    const arrived = new Promise<Stream>((resolve) => arrivals.push(resolve))
    const address = { host: server.peerId.toString(), proc, method: 'run' }
    const connection = await client.dial(multiaddr(server.getMultiaddrs()[0]?.toString()))
    const stream = await connection.newStream(formatAddress(address))
    return [rawCall(stream, address, { caller: client.peerId.toString(), silenceMs: 60_000 }), await arrived]
  },
})
