// What Node lacks, before libp2p.
// oxlint-disable-next-line import/no-unassigned-import
import '../../src/node/polyfill.ts'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

const text = new TextDecoder()

/** A libp2p peer with a fresh peer id and no code of Glia. */
export class Stranger {
  readonly libp2p: Libp2p
  readonly #relay: string
  readonly #circuits = new Map<string, Promise<Connection>>()

  private constructor(libp2p: Libp2p, relay: string) {
    this.libp2p = libp2p
    this.#relay = relay
  }

  /** @param services What it has besides identify. */
  static async create(relay: string, services: Record<string, (components: never) => unknown> = {}): Promise<Stranger> {
    const libp2p = await createLibp2p({
      transports: [tcp(), circuitRelayTransport()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: { identify: identify(), ...(services as object) },
    })
    return new Stranger(libp2p, relay)
  }

  /** Opens a stream of a protocol, such as an address, over the relay. @param host Its peer id; that of the relay itself too. */
  async open(protocol: string, host = protocol.split('/')[3] ?? ''): Promise<Stream> {
    let circuit = this.#circuits.get(host)
    if (!circuit) {
      const isRelay = this.#relay.endsWith(host)
      circuit = this.libp2p.dial(multiaddr(isRelay ? this.#relay : `${this.#relay}/p2p-circuit/p2p/${host}`))
      this.#circuits.set(host, circuit)
    }
    return (await circuit).newStream(protocol, { runOnLimitedConnection: true, maxOutboundStreams: 4096 })
  }

  /** A whole call. @returns Its reply as text. */
  async call(address: string, message: string, signal: AbortSignal): Promise<string> {
    const stream = await this.open(address)
    const onAbort = (): void => stream.abort(new Error('too late'))
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      stream.send(new TextEncoder().encode(message))
      void stream.close().catch(() => undefined) // the reply tells how it went
      let reply = ''
      for await (const chunk of stream) reply += text.decode(chunk.subarray(), { stream: true })
      signal.throwIfAborted()
      return reply
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  async stop(): Promise<void> {
    await this.libp2p.stop()
  }
}
