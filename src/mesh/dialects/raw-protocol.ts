import type { Connection, PeerStore, Stream as Libp2pStream } from '@libp2p/interface'
import type { Registrar } from '@libp2p/interface-internal'
import { type Address, parseAddress } from '../../glia/address.ts'
import { GliaError, toGliaError } from '../../glia/errors.ts'
import type { Stream } from '../../glia/stream/stream.ts'
import { MAX_CALLS_PER_PEER, RAW_PROTOCOL } from '../limits.ts'
import { RawStream } from './raw-stream.ts'
import { sendText } from './text-answer.ts'

export interface RawProtocolInit {
  /** Peer id of this peer. */
  self: string
  /** Whether there is such a process and method here. */
  isServed(address: Address): boolean
  /** Handles a call. */
  serveStream(stream: Stream): Promise<void>
  /** The answer on the protocol id without an address: the text of `/status`. */
  status(): string
}

export interface RawProtocolComponents {
  registrar: Registrar
  peerStore: PeerStore
}

/**
 * Makes libp2p accept the raw dialect. Its registrar matches protocol ids exactly and has no prefixes (libp2p 3.3). So
 * two of its lookups are wrapped: `includes`, which negotiation asks ("na" for what is not here), and `getHandler`.
 * Only `/ww/0.1.0` is advertised. Addresses are kept out of the peer store, whose records would grow with each called
 * method: a merge takes 0.06 ms without such ids and 5.3 ms with 3,000.
 */
export function rawProtocol(init: RawProtocolInit): (components: RawProtocolComponents) => object {
  return ({ registrar, peerStore }) => {
    const limits = {
      maxInboundStreams: MAX_CALLS_PER_PEER,
      maxOutboundStreams: MAX_CALLS_PER_PEER,
      runOnLimitedConnection: true,
    }
    const getProtocols = registrar.getProtocols.bind(registrar)
    registrar.getProtocols = () => new ProtocolList(getProtocols(), (id) => isOffered(init, id))
    const getHandler = registrar.getHandler.bind(registrar)
    registrar.getHandler = (id) =>
      isAddress(id)
        ? { handler: (stream, connection) => acceptStream(init, stream, connection), options: limits }
        : getHandler(id)
    const merge = peerStore.merge.bind(peerStore)
    peerStore.merge = async (id, data, options) => {
      const { protocols } = data
      if (!protocols?.some(isAddress)) return merge(id, data, options)
      return merge(id, { ...data, protocols: protocols.filter((protocol) => !isAddress(protocol)) }, options)
    }
    return {
      start: () => registrar.handle(RAW_PROTOCOL, (stream) => sendText(stream, init.status()), limits),
      stop: () => registrar.unhandle(RAW_PROTOCOL),
    }
  }
}

/** The protocols of this peer. Addresses belong to them without being listed. */
class ProtocolList extends Array<string> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array
  }
  readonly #matches: (protocol: string) => boolean

  constructor(listed: readonly string[], matches: (protocol: string) => boolean) {
    super()
    this.#matches = matches
    this.push(...listed)
  }

  override includes(protocol: string): boolean {
    return super.includes(protocol) || this.#matches(protocol)
  }
}

function isAddress(protocol: string): boolean {
  return protocol.startsWith(`${RAW_PROTOCOL}/`)
}

function isOffered({ self, isServed }: RawProtocolInit, protocol: string): boolean {
  if (!isAddress(protocol)) return false
  try {
    const address = parseAddress(protocol)
    return address.host === self && isServed(address)
  } catch (thrown) {
    if (thrown instanceof GliaError) return false // Negotiation answers "na" and has no words for the reason.
    throw thrown
  }
}

async function acceptStream(init: RawProtocolInit, stream: Libp2pStream, { remotePeer }: Connection): Promise<void> {
  let address: Address
  try {
    address = parseAddress(stream.protocol)
  } catch (thrown) {
    stream.abort(toGliaError(thrown))
    return
  }
  const remote = remotePeer.toString()
  void init.serveStream(new RawStream(stream, { address, remote, caller: remote }))
}

export interface RawCallInit {
  /** Peer id of this peer. */
  caller: string
  /** How long the other peer may keep the call waiting, in ms. */
  silenceMs: number
  /** Why the stream was reset or lost, if more is known than libp2p tells. */
  explain?: () => GliaError | undefined
}

/** Turns an opened libp2p stream into a call of this peer. */
export function rawCall(stream: Libp2pStream, address: Address, init: RawCallInit): Stream {
  return new RawStream(stream, { address, remote: address.host, ...init })
}
