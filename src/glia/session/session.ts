import { type Address, formatAddress, parseAddress } from '../address.ts'
import { arrivedContext } from '../call-context.ts'
import { GliaError, toGliaError } from '../errors.ts'
import { decodeFrame, FRAME, type Frame, INITIAL_CREDIT_BYTES } from './frames.ts'
import { deadlineOf, decodeHead, decodeStatus, encodeHead } from './head.ts'
import { Heartbeat } from './heartbeat.ts'
import { Sender } from './sender.ts'
import { Splitter } from './splitter.ts'
import { type SessionCommon, SessionStream } from './session-stream.ts'
import { violation } from './violation.ts'

/** The byte pipe under a session: an adapted libp2p stream. */
export interface SessionChannel {
  /**
   * Sends bytes. @returns false if the channel is full: `drain` then tells when it takes more. @throws if it is closed.
   */
  send(bytes: Uint8Array): boolean
  /** Called once, by the session. Bytes may arrive in any pieces. */
  listen(handlers: { data(bytes: Uint8Array): void; drain(): void; closed(reason: Error | undefined): void }): void
  /** Closes the channel; at once if there is a reason. */
  close(reason?: Error): void
}

export interface SessionInit {
  channel: SessionChannel
  /** Peer id at the other end. */
  remote: string
  /** Peer id of this end. */
  local: string
  /**
   * Serves a call of the other end. Only the end that did not open the channel has it: one end makes calls, the other
   * serves them. What it throws, or its promise rejects with, ends the call.
   */
  serve?: (stream: SessionStream) => unknown
  /** Most bytes in one send. Default 64 KiB. */
  maxBatchBytes?: number
  /** Most bytes of messages under way. A small call may have to wait behind so many. Default 1 MiB. */
  windowBytes?: number
  /** Most unread bytes of a call at this end. Default, and least, 256 KiB. */
  creditBytes?: number
  /** Open calls of the other end. Default 512. */
  maxInboundCalls?: number
  /** Silence after which the other end is asked, in ms, while calls are under way. Default 3 s. */
  pingMs?: number
  /** Silence after which the session ends, in ms. Default 8 s. */
  silenceMs?: number
}

export interface CallOptions {
  signal?: AbortSignal | undefined
  /** Time after which both ends give up, in ms. Left out: none. */
  deadlineMs?: number | undefined
  expectedBytes?: number | undefined
  /** The same text for each try of one call: see `Stream.key`. */
  key?: string | undefined
  /** An id that all calls share which are made for the same first call; at most 128 characters. */
  trace?: string | undefined
  /** The client for which this peer calls; at most 64 characters. */
  client?: string | undefined
  /** The processes that wait for this call, as in a `CallContext`. */
  chain?: readonly string[] | undefined
  /** Ids of the peers for which the call is made, besides this one. */
  onBehalfOf?: readonly string[] | undefined
}

/** Many calls over one channel between two Glia peers: the dialect `/glia/0.1.0`. */
export class Session {
  /** Resolves when the session is over. */
  readonly ended: Promise<GliaError>
  readonly #init: SessionInit
  readonly #calls = new Map<number, SessionStream>()
  readonly #sender: Sender
  readonly #heartbeat: Heartbeat
  readonly #common: SessionCommon
  readonly #resolveEnded: (reason: GliaError) => void
  /** Highest id used in this session. */
  #lastId = 0
  #over: GliaError | undefined

  constructor(init: SessionInit) {
    this.#init = init
    const { channel, maxBatchBytes = 64 * 1024, windowBytes = 1024 * 1024, pingMs = 3000, silenceMs = 8000 } = init
    const { promise, resolve } = Promise.withResolvers<GliaError>()
    this.ended = promise
    this.#resolveEnded = resolve
    this.#common = {
      creditBytes: init.creditBytes ?? INITIAL_CREDIT_BYTES,
      changed: (call) => this.#onChange(call),
    }
    this.#sender = new Sender({
      send: (bytes) => this.#send(bytes),
      written: this.#common.changed,
      calls: () => this.#calls.size,
      maxBatchBytes,
      windowBytes,
    })
    this.#heartbeat = new Heartbeat({
      pingMs,
      silenceMs,
      ping: () => this.#sender.ping(),
      giveUp: () => this.end(unreachable(`The peer ${init.remote} does not answer any more.`)),
    })
    const splitter = new Splitter(this.#receive)
    channel.listen({
      data: (bytes) => {
        this.#heartbeat.heard()
        try {
          splitter.push(bytes)
        } catch (thrown) {
          this.end(toGliaError(thrown))
        }
      },
      drain: () => this.#sender.drained(),
      closed: (reason) => this.#finish(this.#lost(reason), reason),
    })
  }

  /** Calls under way. */
  get calls(): number {
    return this.#calls.size
  }

  /** Opens a call. The stream is returned at once; any failure aborts it. */
  open(address: Address, options: CallOptions = {}): SessionStream {
    const { signal, expectedBytes, key, trace, client, chain, onBehalfOf } = options
    const isTime = options.deadlineMs === undefined || options.deadlineMs >= 0
    const deadlineMs = isTime ? deadlineOf(options.deadlineMs) : options.deadlineMs
    const { local, serve } = this.#init
    if (serve) throw new GliaError('ERR_INTERNAL', 'A session that serves calls makes none.')
    const { head, error = this.#over } = encodeHead({
      to: formatAddress(address),
      deadlineMs,
      expectedBytes,
      key,
      trace,
      client,
      chain: chain?.length ? chain : undefined,
      for: onBehalfOf?.length ? onBehalfOf : undefined,
    })
    const context = arrivedContext({ chain, onBehalfOf, deadlineMs, trace })
    const call = new SessionStream(
      { id: ++this.#lastId, address, caller: local, expectedBytes, key, context, head },
      this.#common,
    )
    if (error) {
      call.fail(error)
      return call
    }
    this.#add(call)
    call.abortWith(signal, deadlineMs)
    return call
  }

  /**
   * Ends the session. With a reason its calls fail with that. Without one, bytes for which the channel has room are
   * still sent.
   */
  end(reason?: GliaError): void {
    if (!reason) this.#sender.flush()
    this.#finish(reason ?? unreachable(`The connection to ${this.#init.remote} was closed.`), reason)
  }

  #finish(over: GliaError, closeReason: Error | undefined): void {
    if (this.#over) return
    this.#over = over
    this.#sender.stop()
    this.#heartbeat.stop()
    for (const call of this.#calls.values()) {
      // What arrived before its end can still be read.
      if (call.silent) call.release()
      // Each call notes in its error what only it knows, such as its place. So none shares an error with another.
      else call.fail(new GliaError(over.code, over.message, { cause: over }))
    }
    this.#calls.clear()
    this.#init.channel.close(closeReason)
    this.#resolveEnded(over)
  }

  #add(call: SessionStream): void {
    this.#calls.set(call.id, call)
    this.#heartbeat.start()
    this.#onChange(call)
  }

  #onChange(call: SessionStream): void {
    if (this.#over) return
    this.#guard(() => this.#sender.update(call))
    if (!call.finished || !this.#calls.delete(call.id)) return
    call.release()
    if (this.#calls.size === 0) this.#heartbeat.stop()
  }

  readonly #receive = (bytes: Uint8Array): void => {
    // A piece may contain frames after the one that ended the session.
    if (this.#over) return
    const frame = decodeFrame(bytes)
    if (frame.type === FRAME.OPEN || frame.type === FRAME.DATA) this.#sender.arrived(bytes.length)
    switch (frame.type) {
      case FRAME.OPEN:
        return this.#accept(frame)
      case FRAME.DATA:
        return this.#call(frame.id)?.receive(frame.data, frame.fin)
      case FRAME.CREDIT:
        if (frame.id === 0) return this.#sender.acknowledged(frame.bytes)
        return this.#call(frame.id)?.credit(frame.bytes, frame.kept)
      case FRAME.STOP:
        return this.#call(frame.id)?.stop()
      case FRAME.FAIL:
        return this.#end(frame.id, decodeStatus(frame.status))
      case FRAME.PING:
        return this.#sender.pong()
      case FRAME.PONG:
    }
  }

  /** Only the replying side has a program that exits. */
  #end(id: number, error: GliaError): void {
    const call = this.#call(id)
    // A peer of an older version does not say that it is itself where the call failed.
    if (call?.opensHere) error.peer ??= this.#init.remote
    if (error.exitCode !== undefined && call?.opensHere) call.exited(error)
    else call?.fail(error)
  }

  /** The call of a frame; undefined if it is over here, which the other side may not know yet. */
  #call(id: number): SessionStream | undefined {
    if (id === 0 || id > this.#lastId) throw violation(`there is no call ${id}`)
    return this.#calls.get(id)
  }

  #accept({ id, head, data, fin }: Extract<Frame, { type: typeof FRAME.OPEN }>): void {
    const { remote, serve, maxInboundCalls = 512 } = this.#init
    if (!serve) throw violation('it calls in a session that it did not open')
    if (id <= this.#lastId) throw violation(`call ${id} is opened twice, or late`)
    this.#lastId = id
    const { to, deadlineMs, expectedBytes, key, trace, client, chain, for: onBehalfOf } = decodeHead(head)
    let address: Address
    try {
      address = this.#here(to)
      if (this.#calls.size >= maxInboundCalls) {
        throw new GliaError('ERR_MAILBOX_FULL', 'This peer has too many calls from you open.')
      }
    } catch (thrown) {
      this.#sender.refuse(id, toGliaError(thrown))
      return
    }
    const context = arrivedContext({ chain, onBehalfOf, deadlineMs, client, trace })
    const call = new SessionStream({ id, address, caller: remote, expectedBytes, key, context }, this.#common)
    this.#add(call)
    call.receive(data, fin)
    call.abortWith(undefined, deadlineMs)
    const failed = (thrown: unknown): void => call.abort(toGliaError(thrown))
    try {
      const serving = serve(call)
      if (serving instanceof Promise) serving.catch(failed)
    } catch (thrown) {
      failed(thrown)
    }
  }

  /** @throws {GliaError} ERR_BAD_ADDRESS if it is no address of this peer. */
  #here(text: string): Address {
    const address = parseAddress(text)
    if (address.host === this.#init.local) return address
    throw new GliaError(
      'ERR_BAD_ADDRESS',
      `This peer is ${this.#init.local}: it passes no calls on to ${address.host}.`,
    )
  }

  #send(bytes: Uint8Array): boolean {
    try {
      return this.#init.channel.send(bytes)
    } catch (thrown) {
      this.end(this.#lost(thrown))
      return false
    }
  }

  /** A breach by the other side ends the session, and nothing else. */
  #guard(work: () => void): void {
    try {
      work()
    } catch (thrown) {
      this.end(toGliaError(thrown))
    }
  }

  #lost(cause: unknown): GliaError {
    if (cause instanceof GliaError) return cause
    return unreachable(`The connection to ${this.#init.remote} was lost.`, cause)
  }
}

function unreachable(message: string, cause?: unknown): GliaError {
  return new GliaError('ERR_UNREACHABLE', message, cause === undefined ? undefined : { cause })
}
