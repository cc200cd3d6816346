import { privateKeyFromProtobuf } from '@libp2p/crypto/keys'
import { noise } from '@libp2p/noise'
import { yamux } from '@libp2p/yamux'
import { peerIdFromString } from '@libp2p/peer-id'
import { createLibp2p, type Libp2p } from 'libp2p'
import { GliaError } from '../glia/errors.ts'
import type { Identity } from './identity.ts'

/** Another peer that this one has a connection to. */
export interface PeerConnection {
  peerId: string
  /** Multiaddr of the connection. */
  address: string
}

/**
 * This peer's libp2p node. It has an identity, encryption and multiplexing, and no transports yet: nothing outside the
 * browser can be reached.
 */
export class MeshNode {
  readonly #libp2p: Libp2p

  private constructor(libp2p: Libp2p) {
    this.#libp2p = libp2p
  }

  static async create(identity: Identity): Promise<MeshNode> {
    const privateKey = privateKeyFromProtobuf(identity.privateKey)
    return new MeshNode(
      await createLibp2p({ privateKey, connectionEncrypters: [noise()], streamMuxers: [yamux()], start: true }),
    )
  }

  /** Multiaddrs under which this peer can be reached. */
  addrs(): string[] {
    return this.#libp2p.getMultiaddrs().map(String)
  }

  peers(): PeerConnection[] {
    return this.#libp2p.getConnections().map(({ remotePeer, remoteAddr }) => ({
      peerId: remotePeer.toString(),
      address: remoteAddr.toString(),
    }))
  }

  stop(): Promise<void> | void {
    return this.#libp2p.stop()
  }

  /** Multiaddrs of another peer. @throws {GliaError} ERR_UNREACHABLE if nobody knows it. */
  async findPeer(id: string, signal?: AbortSignal): Promise<string[]> {
    try {
      const found = await this.#libp2p.peerRouting.findPeer(peerIdFromString(id), signal ? { signal } : {})
      return found.multiaddrs.map(String)
    } catch (cause) {
      throw new GliaError('ERR_UNREACHABLE', `Nobody knows where ${id} is.`, { cause })
    }
  }
}
