import type { Connection, Stream as Libp2pStream } from '@libp2p/interface'
import { type Address, formatAddress } from '../../glia/address.ts'
import { remainingMs } from '../../glia/call-context.ts'
import { GliaError } from '../../glia/errors.ts'
import type { OpenOptions } from '../../glia/router.ts'
import { Session } from '../../glia/session/session.ts'
import type { Stream } from '../../glia/stream/stream.ts'
import { isDirect, isWebRtc } from '../dial/addresses.ts'
import {
  DOUBT_MS,
  MAX_CALLS_PER_PEER,
  NATIVE_SILENCE_MS,
  NEGOTIATION_MS,
  SESSION_PROTOCOL,
  SILENCE_MS,
  WEBRTC_NEGOTIATION_MS,
} from '../limits.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import { closesSoon, noAnswer } from './no-answer.ts'
import { probe } from './probe.ts'
import { rawCall } from './raw-protocol.ts'
import { type AskWhy, RawReasons } from './raw-reasons.ts'
import { Libp2pChannel } from './session-channel.ts'

export interface SessionsInit {
  /** Peer id of this peer. */
  self: string
  /** How long a peer without the session may keep a call waiting, in ms. Default 30 s. */
  silenceMs?: number | undefined
  /** Handles a call. */
  serveStream(stream: Stream): Promise<void>
  /** Whether the person has blocked a peer. */
  isBlocked(peer: string): boolean
  /** Why a connection ended, if more is known than libp2p tells. */
  explain(connection: Connection): GliaError | undefined
}

/** The dialect of a connection, as its first call found out. */
type Dialect = { session: Session } | { raw: Libp2pStream | undefined }

/** Calls over connections: in the session if the other peer has it, else in the raw dialect. */
export class Sessions {
  readonly #init: SessionsInit
  readonly #dialects = new WeakMap<Connection, Promise<Dialect>>()
  readonly #open = new Map<Connection, Set<Session>>()
  readonly #usedAt = new WeakMap<Connection, number>()
  readonly #reasons = new WeakMap<Connection, RawReasons>()

  constructor(init: SessionsInit) {
    this.#init = init
  }

  /** Calls under way over a connection, of both sides. */
  callsOn(connection: Connection): number {
    let calls = 0
    for (const session of this.#open.get(connection) ?? []) calls += session.calls
    return calls
  }

  /** When the last call over a connection was opened, by either side, in ms since the epoch; 0 if there was none. */
  usedAt(connection: Connection): number {
    return this.#usedAt.get(connection) ?? 0
  }

  /**
   * Opens a call over a connection.
   * @throws {GliaError} ERR_NO_PROC if the peer knows neither the session nor the address; ERR_UNREACHABLE if the peer
   * is gone.
   */
  async open(connection: Connection, address: Address, options: OpenOptions): Promise<Stream> {
    this.#usedAt.set(connection, Date.now())
    const askWhy = this.#reasonsOf(connection).begin(address)
    try {
      return await this.#call(connection, address, options, askWhy)
    } catch (thrown) {
      // The peer reset the stream before this side knew that it had been negotiated.
      const why = thrown instanceof GliaError && thrown.code === 'ERR_RESET' ? await askWhy() : undefined
      // Such a failure would be taken for that of this connection, and the call would be made again.
      throw why && why.code !== 'ERR_UNREACHABLE' ? why : thrown
    }
  }

  async #call(connection: Connection, address: Address, options: OpenOptions, askWhy: AskWhy): Promise<Stream> {
    const { signal, context, expectedBytes, key } = options
    const dialect = await this.#dialect(connection, address, signal)
    const { chain, onBehalfOf, client, trace } = context
    if ('session' in dialect) {
      const deadlineMs = remainingMs(context)
      return dialect.session.open(address, { signal, chain, onBehalfOf, client, trace, deadlineMs, expectedBytes, key })
    }
    if (onBehalfOf.length > 0) throw refuseRaw(dialect, address)
    const stream = dialect.raw ?? (await negotiate(connection, [formatAddress(address)], signal))
    // The next call opens a stream of its own.
    dialect.raw = undefined
    const { self: caller, silenceMs = NATIVE_SILENCE_MS } = this.#init
    return rawCall(stream, address, { caller, silenceMs, explain: () => this.#init.explain(connection), askWhy })
  }

  #reasonsOf(connection: Connection): RawReasons {
    const known = this.#reasons.get(connection) ?? new RawReasons(connection)
    this.#reasons.set(connection, known)
    return known
  }

  /**
   * Opens the session of a connection before the first call. For a peer without sessions, the first call asks again.
   */
  prepare(connection: Connection): void {
    if (!this.#dialects.has(connection)) void this.#find(connection).catch(() => undefined)
  }

  /** Takes a session that the other peer opened. */
  accept(stream: Libp2pStream, connection: Connection): void {
    this.#track(stream, connection, (call) => {
      this.#usedAt.set(connection, Date.now())
      // A blocked peer could have another one call for it.
      if (call.context.onBehalfOf.some((peer) => this.#init.isBlocked(peer)))
        return call.abort(new GliaError('ERR_DENIED', 'The call is made for a peer that is blocked here.'))
      void this.#init.serveStream(call)
    })
  }

  /** The first call finds out, in the negotiation that opens it. Calls that come meanwhile wait for it. */
  async #dialect(connection: Connection, address: Address, signal: AbortSignal): Promise<Dialect> {
    const known = this.#dialects.get(connection)
    if (known) return orAborted(known, signal)
    // Without the signal of the call: other calls want the result too.
    return orAborted(this.#find(connection, address), signal)
  }

  #find(connection: Connection, address?: Address): Promise<Dialect> {
    const found = this.#negotiate(connection, address)
    this.#dialects.set(connection, found)
    found.catch(() => this.#dialects.delete(connection))
    return found
  }

  async #negotiate(connection: Connection, address: Address | undefined): Promise<Dialect> {
    const signal = AbortSignal.timeout(isWebRtc(connection) ? WEBRTC_NEGOTIATION_MS : NEGOTIATION_MS)
    const wanted = address ? [SESSION_PROTOCOL, formatAddress(address)] : [SESSION_PROTOCOL]
    const stream = await negotiate(connection, wanted, signal)
    if (stream.protocol !== SESSION_PROTOCOL) return { raw: stream }
    const session = this.#track(stream, connection)
    void session.ended.then(() => this.#dialects.delete(connection))
    return { session }
  }

  #track(stream: Libp2pStream, connection: Connection, serve?: (call: Stream) => void): Session {
    const direct = isDirect(connection)
    const session = new Session({
      channel: new Libp2pChannel(stream, (reason) => this.#init.explain(connection) ?? reason),
      local: this.#init.self,
      remote: connection.remotePeer.toString(),
      ...(serve && { serve }),
      maxBatchBytes: isWebRtc(connection) ? WEBRTC_MESSAGE_BYTES : BATCH_BYTES,
      windowBytes: direct ? DIRECT_WINDOW_BYTES : RELAYED_WINDOW_BYTES,
      creditBytes: direct ? DIRECT_CREDIT_BYTES : RELAYED_CREDIT_BYTES,
      // The door chooses among more calls than it lets in, because a peer may call for many clients.
      maxInboundCalls: 2 * MAX_CALLS_PER_PEER,
      silenceMs: SILENCE_MS,
    })
    const sessions = this.#open.get(connection) ?? new Set()
    this.#open.set(connection, sessions.add(session))
    void session.ended.then((reason) => {
      sessions.delete(session)
      if (sessions.size === 0) this.#open.delete(connection)
      // Nobody ends a session before its connection. So the other side is gone, and WebRTC would take a quarter of a
      // minute to notice.
      if (connection.status !== 'open') return
      if (isWebRtc(connection)) connection.abort(reason)
      // Otherwise the next call would wait on a circuit whose other end is silent.
      else void probe(connection, DOUBT_MS)
    })
    return session
  }
}

/**
 * One send is one message of a data channel: 16 KiB less the 7 bytes that @libp2p/webrtc 6.0.33 puts around it. This
 * size ran best: 19.5 MB/s in Chromium 156.
 */
const WEBRTC_MESSAGE_BYTES = 16_377
/** Over relays and WebSockets batches of 64 KiB ran at 5.35 MB/s, of 16 KiB at 3.02 (Chromium 156). */
const BATCH_BYTES = 65_536
/**
 * Bytes of a session under way. The latency of a small call behind bulk is this window divided by the throughput: over
 * a relay 17 ms with 64 KiB at 2.1 MB/s, 78 ms with 256 KiB at 3.2 MB/s.
 */
const DIRECT_WINDOW_BYTES = 1024 * 1024
const RELAYED_WINDOW_BYTES = 256 * 1024
/** Unread bytes of one call: a call carries at most so many per round trip. */
const DIRECT_CREDIT_BYTES = 1024 * 1024
const RELAYED_CREDIT_BYTES = 512 * 1024

/**
 * The raw dialect cannot say for whom a call is made. The other peer would take it for a call of this peer alone, with
 * all rights that this peer has there.
 */
function refuseRaw(dialect: { raw: Libp2pStream | undefined }, { host }: Address): GliaError {
  const error = new GliaError(
    'ERR_DENIED',
    `${host} does not speak ${SESSION_PROTOCOL}, so it cannot be told that this call is made for another peer.`,
  )
  // The negotiation has opened a stream for this address alone.
  dialect.raw?.abort(error)
  dialect.raw = undefined
  return error
}

async function negotiate(connection: Connection, protocols: string[], signal: AbortSignal): Promise<Libp2pStream> {
  const peer = connection.remotePeer.toString()
  try {
    return await connection.newStream(protocols, {
      signal,
      runOnLimitedConnection: true,
      maxOutboundStreams: MAX_CALLS_PER_PEER,
    })
  } catch (cause) {
    if (signal.reason instanceof GliaError) throw signal.reason
    const name = cause instanceof Error ? cause.name : ''
    if (name === 'UnsupportedProtocolError') {
      throw new GliaError('ERR_NO_PROC', `${peer} has no such process or method, or runs none.`, { cause })
    }
    if (name === 'StreamResetError' && !(await closesSoon(connection))) {
      throw new GliaError('ERR_RESET', `${peer} reset the call before it began.`, { cause })
    }
    if (name === 'TooManyOutboundProtocolStreamsError') {
      throw new GliaError('ERR_MAILBOX_FULL', `Too many calls to ${peer} are under way.`, { cause })
    }
    throw await noAnswer(connection, cause)
  }
}
