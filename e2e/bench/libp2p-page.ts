import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { Connection } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { webRTC } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'

/** Runs in a page of its own: plain libp2p, with a stream for each call. What the bench calls is `globalThis.plain`. */

const ECHO = '/bench/echo/1'
const STREAMS = { maxInboundStreams: 1000, maxOutboundStreams: 1000, runOnLimitedConnection: true }
const DIAL_MS = 5000

let node: Libp2p
let connection: Connection

const plain = {
  /** Joins a relay, and sends back what comes. @returns the peer id. */
  async start(relay: string): Promise<string> {
    const rtc = 'RTCPeerConnection' in globalThis ? [webRTC({ rtcConfiguration: { iceServers: [] } })] : []
    node = await createLibp2p({
      addresses: { listen: [`${relay}/p2p-circuit`, ...(rtc.length > 0 ? ['/webrtc'] : [])] },
      transports: [webSockets(), circuitRelayTransport(), ...rtc],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      connectionGater: { denyDialMultiaddr: () => false },
      services: { identify: identify() },
    })
    await node.handle(
      ECHO,
      async (stream) => {
        for await (const bytes of stream) stream.send(bytes)
        void stream.close()
      },
      STREAMS,
    )
    return node.peerId.toString()
  },

  /** Connects to a peer. A dial over WebRTC sometimes hangs, and is then made again. */
  async connect(address: string): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        connection = await node.dial(multiaddr(address), { signal: AbortSignal.timeout(DIAL_MS) })
        return
      } catch (thrown) {
        if (tries === 5) throw thrown
      }
    }
  },

  /** Times of calls of 32 bytes, one after the other, in ms. */
  async times({ calls, warmUp }: { calls: number; warmUp: number }): Promise<number[]> {
    const times: number[] = []
    for (let i = 0; i < warmUp + calls; i++) {
      const began = performance.now()
      await call()
      if (i >= warmUp) times.push(performance.now() - began)
    }
    return times
  },

  /** Calls a second, with 64 under way. */
  async rate({ calls }: { calls: number }): Promise<number> {
    let left = calls
    const began = performance.now()
    const one = async (): Promise<void> => {
      while (left-- > 0) await call()
    }
    await Promise.all(Array.from({ length: 64 }, one))
    return calls / ((performance.now() - began) / 1000)
  },
}

async function call(): Promise<void> {
  const stream = await connection.newStream(ECHO, STREAMS)
  let got = 0
  const reading = (async () => {
    for await (const bytes of stream) got += bytes.byteLength
  })()
  stream.send(new Uint8Array(32))
  // It resolves only when the other side has acknowledged the end.
  void stream.close()
  await reading
  if (got !== 32) throw new Error(`${got} bytes came back`)
}

export type PlainLibp2p = typeof plain
Object.assign(globalThis, { plain })
