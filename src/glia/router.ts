import { type Address, type Aliases, parseAddress, parsePlace, type Place, PROTOCOL } from './address.ts'
import { atDeadline, type CallContext, MAX_CHAIN, remainingMs } from './call-context.ts'
import { isOfThisBrowser } from './process/callers.ts'
import { seconds } from './wait/deadline.ts'
import { Door } from './door/door.ts'
import { Heads } from './heads.ts'
import { endWith } from './stream/end-with.ts'
import type { Env } from './env.ts'
import { GliaError, toGliaError } from './errors.ts'
import { Meter } from './figures/meter.ts'
import { chainNameOf } from './chain-name.ts'
import { isProcessOrInstance, processOf } from './instance-key.ts'
import { keyedLoader } from './http/load-keyed.ts'
import { beforeTheRun, keptThere } from './http/not-run.ts'
import { isPeerId } from './peer-id.ts'
import type { Pid } from './pid.ts'
import type { Proc } from './process/proc.ts'
import { Silence, SILENCE_MS } from './wait/silence.ts'
import { senderOf } from './process/sender-of.ts'
import type { Stream } from './stream/stream.ts'
import { streamPair, type StreamInit } from './stream/stream-pair.ts'
import type { CallTrace } from './trace/call-trace.ts'
import type { Note } from './trace/note.ts'
import { Waits } from './waits.ts'

/** Opens a stream to a method of another peer. @throws {GliaError} ERR_UNREACHABLE if there is no way to it. */
export type OpenRemote = (address: Address, options: OpenOptions) => Promise<Stream>

export interface OpenOptions {
  signal: AbortSignal
  /** The calls for which this one is made. */
  context: CallContext
  /** Bytes of the message, if they are known. */
  expectedBytes?: number | undefined
  /** See `Stream.key`. */
  key?: string | undefined
  /** Resolves when the call is over. */
  over?: Promise<void>
}

export interface RouterInit {
  env: Env
  /** The processes of this peer. */
  procs: { get(pid: string): Proc | undefined; readonly rootPid: Pid }
  openRemote: OpenRemote
  /** Records the calls. Left out: nobody does. */
  trace?: CallTrace | undefined
  /** Asks another peer for its root process. Left out: `root` means this peer's only. */
  rootOf?(peer: string, options: { readonly signal: AbortSignal }): Promise<Pid>
}

/** An address with `root` as its process. The alias may be another peer's. */
const ROOT_OF = new RegExp(`^${PROTOCOL}/([^/]+)/root(/[^/]*)?$`)
/** One with a method. */
const METHOD_OF_ROOT = /\/root\/[^/]*$/

/** The whole protocol: takes a stream addressed to a method, and answers or aborts it. */
export class Router {
  /** Counts all calls of this peer. Those of a process here are counted by its own meter, too. */
  readonly meter = new Meter()
  readonly #init: RouterInit
  readonly #waits = new Waits()
  readonly #door = new Door()
  /** Calls to processes here that have a key. */
  readonly #keyed = keyedLoader()
  /** What new calls get, once this peer is about to stop. */
  #closing: GliaError | undefined

  constructor(init: RouterInit) {
    this.#init = init
  }

  /** The meaning of `self` and `root` on this peer. */
  get aliases(): Aliases {
    return { self: this.#init.env.localHost().peerId, root: this.#init.procs.rootPid }
  }

  /** Calls of others to processes of this peer, under way or waiting. */
  get callsOfOthers(): number {
    return this.#door.calls
  }

  /** Has all new calls fail from now on, but for those that the processes here make for the calls that run. */
  refuse(error: GliaError): void {
    this.#closing = error
  }

  /**
   * Reads an address as people and actors type it: with aliases, also another peer's `root`, for which that peer is
   * asked.
   * @throws {GliaError} ERR_BAD_ADDRESS; the failure of asking the other peer.
   */
  async resolve(text: string, options: { readonly signal: AbortSignal }): Promise<Address> {
    const asked = METHOD_OF_ROOT.test(text) ? this.#askRoot(text, options) : undefined
    return parseAddress(asked ? await asked : text, this.aliases)
  }

  /** The same for the address of a process. A method behind it is ignored. */
  async resolvePlace(text: string, options: { readonly signal: AbortSignal }): Promise<Place> {
    const asked = this.#askRoot(text, options)
    return parsePlace(asked ? await asked : text, this.aliases)
  }

  /** The address with the PID in place of `root`, if that is another peer's. */
  #askRoot(text: string, options: { readonly signal: AbortSignal }): Promise<string> | undefined {
    const [, host, method = ''] = ROOT_OF.exec(text) ?? []
    const { rootOf } = this.#init
    if (!rootOf || host === undefined || host === 'self' || host === this.aliases.self || !isPeerId(host)) {
      return undefined
    }
    return rootOf(host, options).then((root) => `${PROTOCOL}/${host}/${root}${method}`)
  }

  /** Whether the address names a process of this peer whose policy accepts exit codes other than 0. */
  hasOkExits({ host, proc }: Address): boolean {
    const local = host === this.#init.env.localHost().peerId ? this.#proc(proc) : undefined
    return (local?.policy.okExits.length ?? 0) > 0
  }

  /** Opens a call from this peer. Returns the calling side; the serving side is under way. */
  open(address: Address, init: StreamInit): Stream {
    const servedBy = this.#init.env.localHost().peerId
    const [caller, server] = streamPair(address, { ...init, servedBy })
    void this.serveStream(server)
    return caller
  }

  /**
   * Delivers a stream to its process, here or on another peer. Never rejects: a failure aborts the stream with a
   * GliaError for the caller, such as ERR_CYCLE if the process itself waits for this call or for its caller.
   */
  readonly serveStream = async (stream: Stream): Promise<void> => {
    const isHere = this.#isHere(stream)
    const isKeyed = isHere && stream.key !== undefined
    // The call that runs for all calls with the key is recorded. What views ask again and again would hide the others.
    const isUncounted = isKeyed || stream.via === 'view'
    const note = isUncounted ? undefined : this.#record(stream, isHere)
    const meter = this.#meterOf(stream, isHere)
    const startedAt = note?.startedAt ?? performance.now()
    const end = (error?: GliaError): void => {
      if (isUncounted) return
      // Asking for the time is a large part of what a record costs.
      meter.ended(note?.served?.ms ?? performance.now() - startedAt, error !== undefined)
      if (note) this.#init.trace?.end(note, error)
    }
    try {
      if (this.#closing && !isProcessOrInstance(stream.caller)) throw this.#closing
      if (isKeyed) return await this.#serveKeyed(stream)
      refuseCycle(stream)
      const callEnds = this.#noteCall(stream)
      try {
        if (isHere) await this.#deliver(stream, note)
        else await this.#forward(stream, note)
      } finally {
        callEnds?.()
      }
      end()
    } catch (thrown) {
      const error = toGliaError(thrown)
      endWith(stream, error)
      end(error)
    }
  }

  #isHere({ destination }: Stream): boolean {
    return destination === this.#init.env.localHost().peerId
  }

  /** What counts a call. Calls to other peers, and to processes that are not there, belong to the peer only. */
  #meterOf({ procId }: Stream, isHere: boolean): Meter {
    const proc = isHere ? this.#proc(procId) : undefined
    return proc?.meter.within(this.meter) ?? this.meter
  }

  /** Begins the record of a call, unless a process of this peer that takes part in it is not recorded. */
  #record(stream: Stream, isHere: boolean): Note | undefined {
    const { trace } = this.#init
    if (!trace) return undefined
    const { caller, procId } = stream
    if (isHere && this.#proc(procId)?.policy.trace === false) return undefined
    if (caller !== 'browser' && this.#proc(caller)?.policy.trace === false) return undefined
    if (isHere) return trace.begin(stream, 'in')
    return trace.begin(stream, stream.via !== 'page' && isOfThisBrowser(caller) ? 'out' : 'through')
  }

  /** The call with the key begins as a call of its own. It goes on if its caller is lost. */
  async #serveKeyed(stream: Stream): Promise<void> {
    const { destination: host, procId, methodName: method, caller, context, expectedBytes } = stream
    // Whoever may not call any more does not get the reply either.
    this.#procOf(stream).admit(stream)
    const address = { host, proc: procId as Pid, method }
    await (await this.#keyed()).serve(stream, () => this.open(address, { caller, context, expectedBytes }))
  }

  /** Notes a call of a process. @throws {GliaError} ERR_CYCLE if its callee waits for the process in another call. */
  #noteCall({ caller, destination, procId, context: { chain } }: Stream): (() => void) | undefined {
    const from = chain.at(-1)
    // A peer must not claim that another peer's process waits: calls back into that process would be refused.
    if (from === undefined || !(isOfThisBrowser(caller) || from.startsWith(`${caller}/`))) return undefined
    const to = chainNameOf(destination, procId)
    if (this.#waits.isWaiting(to, from)) {
      throw new GliaError(
        'ERR_CYCLE',
        `The process ${procId} waits for the process that calls it, so neither would go on.`,
      )
    }
    return this.#waits.add(from, to)
  }

  /**
   * The owner's calls go straight to the process. All others pass the door, also calls that a process here makes for
   * them.
   */
  async #deliver(stream: Stream, note: Note | undefined): Promise<void> {
    const proc = this.#procOf(stream)
    if (senderOf(stream).isOwner) return proc.deliver(stream, undefined, note)
    // A caller without the right is told at once, and takes no place at the door.
    proc.admit(stream)
    return this.#door.enter(stream, proc, note)
  }

  /** A process of this peer, by its PID or by that of an instance. */
  #proc(pid: string): Proc | undefined {
    return this.#init.procs.get(processOf(pid))
  }

  #procOf({ procId }: Stream): Proc {
    const proc = this.#proc(procId)
    if (proc) return proc
    throw new GliaError('ERR_NO_PROC', `This peer has no process ${processOf(procId)}. It may have been killed.`)
  }

  async #forward(near: Stream, note: Note | undefined): Promise<void> {
    const { promise: over, resolve: end } = Promise.withResolvers<void>()
    try {
      const far = await this.#openRemote(near, over, note)
      if (note) {
        note.reachedAt = performance.now()
        if (this.#proc(near.caller)?.policy.keepHeads) note.heads = new Heads()
      }
      await this.#copy(near, far, note)
    } finally {
      end()
    }
  }

  /** @throws {GliaError} marked as a failure before the other peer got anything. */
  async #openRemote(near: Stream, over: Promise<void>, note: Note | undefined): Promise<Stream> {
    const { destination: host, procId, methodName: method, signal, expectedBytes, key } = near
    const context = note ? { ...near.context, trace: note.trace } : near.context
    const stopClock = atDeadline(context, (late) => near.abort(late))
    try {
      return await this.#init.openRemote(
        { host, proc: procId as Pid, method },
        { signal, context, expectedBytes, key, over },
      )
    } catch (thrown) {
      throw beforeTheRun(toGliaError(thrown))
    } finally {
      stopClock()
    }
  }

  async #copy(near: Stream, far: Stream, note: Note | undefined): Promise<void> {
    const cancelFar = (): void => far.abort(near.signal.reason)
    near.signal.addEventListener('abort', cancelFar, { once: true })
    const patience = patienceFor(near, far)
    // The caller may have given up while the other peer was being reached.
    if (near.signal.aborted) cancelFar()
    try {
      const call = { replied: false, patience, note, meter: this.meter }
      await Promise.all([copyRequest(near, far, call), copyReply(far, near, call)])
    } catch (thrown) {
      throw far.kept ? keptThere(toGliaError(thrown)) : thrown
    } finally {
      patience.stop()
      near.signal.removeEventListener('abort', cancelFar)
    }
  }
}

/** A process takes one message at a time. A process that waits for this call would never get to it. */
function refuseCycle({ destination, procId, context: { chain } }: Stream): void {
  if (chain.length === 0) return
  if (chain.includes(chainNameOf(destination, procId))) {
    throw new GliaError('ERR_CYCLE', `The process ${procId} waits for this call itself, so it cannot take it.`)
  }
  if (chain.length > MAX_CHAIN) throw new GliaError('ERR_CYCLE', `More than ${MAX_CHAIN} calls wait for each other.`)
}

/** A call that is passed on. */
interface Passed {
  /** Whether the reply is whole. Then the rest of the request is not read. */
  replied: boolean
  readonly patience: Silence
  readonly note: Note | undefined
  readonly meter: Meter
}

/**
 * Ends a call at the deadline that came with it. Without a deadline it ends the call when the other peer is silent for
 * too long.
 */
function patienceFor(near: Stream, { silenceMs = SILENCE_MS }: Stream): Silence {
  const { destination, methodName, context } = near
  const leftMs = remainingMs(context)
  const why =
    leftMs === undefined
      ? `${destination} was silent for ${seconds(silenceMs)}, so the call of ${methodName} was given up.`
      : `The call of ${methodName} did not end before the deadline of its caller.`
  return new Silence({
    ms: leftMs ?? silenceMs,
    whatever: leftMs !== undefined,
    end: () => near.abort(new GliaError('ERR_DEADLINE', why)),
  })
}

/** The far side may stop reading and still reply. Its closed read ends the copy, not the call. */
async function copyRequest(near: Stream, far: Stream, call: Passed): Promise<void> {
  const { note } = call
  try {
    for (let chunk = await near.read(); chunk !== null; chunk = await near.read()) {
      call.meter.carried(chunk.byteLength, 0)
      if (note) {
        note.bytesIn += chunk.byteLength
        note.heads?.request.take(chunk)
      }
      await call.patience.writing(far.write(chunk))
    }
    // A process that ends its reply and reads on must not take a part of its message for the whole.
    if (call.replied) far.abort(new GliaError('ERR_RESET', 'The reply ended before the message did.'))
    else await far.closeWrite()
    call.patience.sent()
  } catch (thrown) {
    const error = toGliaError(thrown)
    if (far.signal.aborted || error.code !== 'ERR_NO_READER') {
      far.abort(error)
      throw error
    }
    call.patience.sent()
    await near.closeRead()
  }
}

async function copyReply(far: Stream, near: Stream, call: Passed): Promise<void> {
  const { note } = call
  try {
    const next = (): Promise<Uint8Array | null> => call.patience.reading(far.read())
    for (let chunk = await next(); chunk !== null; chunk = await next()) {
      call.meter.carried(0, chunk.byteLength)
      if (note) {
        note.bytesOut += chunk.byteLength
        note.heads?.reply.take(chunk)
      }
      await near.write(chunk)
    }
    if (far.exit) endWith(near, far.exit)
    else await near.closeWrite()
    // Not every transport tells that the far side reads no more. Then nobody would end the rest of the request.
    call.replied = true
    await near.closeRead()
  } catch (thrown) {
    far.abort(toGliaError(thrown))
    throw thrown
  }
}
