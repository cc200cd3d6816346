import type { Connection, PeerStore, Stream as Libp2pStream } from '@libp2p/interface'
import type { Registrar } from '@libp2p/interface-internal'
import { type Address, parseAddress } from '../../glia/address.ts'
import { GliaError, toGliaError } from '../../glia/errors.ts'
import type { Stream } from '../../glia/stream/stream.ts'
import { MAX_CALLS_PER_PEER, MAX_QUESTIONS, RAW_PROTOCOL, WHY_PROTOCOL } from '../limits.ts'
import { handlePrefix } from '../patches/protocol-prefix.ts'
import { RawFailures } from './raw-failures.ts'
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
 * Makes libp2p take the raw dialect. It advertises only `/ww/0.1.0` and `/glia/0.1.0/why`. The negotiation of the protocol
 * id refuses a method that is not here.
 */
export function rawProtocol(init: RawProtocolInit): (components: RawProtocolComponents) => object {
  const failures = new RawFailures()
  return ({ registrar, peerStore }) => {
    const limits = {
      maxInboundStreams: MAX_CALLS_PER_PEER,
      maxOutboundStreams: MAX_CALLS_PER_PEER,
      runOnLimitedConnection: true,
    }
    handlePrefix({ registrar, peerStore }, `${RAW_PROTOCOL}/`, {
      isServed: (id) => isOffered(init, id),
      handler: (stream, connection) => acceptStream({ ...init, failures }, stream, connection),
      options: limits,
    })
    return {
      start: async () => {
        await registrar.handle(RAW_PROTOCOL, (stream) => sendText(stream, init.status()), limits)
        await registrar.handle(WHY_PROTOCOL, (stream, connection) => sendText(stream, failures.of(connection)), {
          ...limits,
          maxInboundStreams: MAX_QUESTIONS,
        })
      },
      stop: async () => {
        await registrar.unhandle(RAW_PROTOCOL)
        await registrar.unhandle(WHY_PROTOCOL)
      },
    }
  }
}

function isOffered({ self, isServed }: RawProtocolInit, protocol: string): boolean {
  try {
    const address = parseAddress(protocol)
    return address.host === self && isServed(address)
  } catch (thrown) {
    if (thrown instanceof GliaError) return false // Negotiation answers "na" and has no words for the reason.
    throw thrown
  }
}

async function acceptStream(
  { failures, serveStream }: RawProtocolInit & { failures: RawFailures },
  stream: Libp2pStream,
  connection: Connection,
): Promise<void> {
  let address: Address
  try {
    address = parseAddress(stream.protocol)
  } catch (thrown) {
    stream.abort(toGliaError(thrown))
    return
  }
  const remote = connection.remotePeer.toString()
  const failed = (error: GliaError): void => failures.add(connection, call, error)
  const call: RawStream = new RawStream(stream, { address, remote, caller: remote, failed })
  void serveStream(call)
}

export interface RawCallInit {
  /** Peer id of this peer. */
  caller: string
  /** How long the other peer may keep the call waiting, in ms. */
  silenceMs: number
  /** Why the stream was reset or lost, if more is known than libp2p tells. */
  explain?: () => GliaError | undefined
  /** Asks the other peer why it reset the call. Never rejects. */
  askWhy?: () => Promise<GliaError | undefined>
}

/** Turns an opened libp2p stream into a call of this peer. */
export function rawCall(stream: Libp2pStream, address: Address, init: RawCallInit): Stream {
  return new RawStream(stream, { address, remote: address.host, ...init })
}
