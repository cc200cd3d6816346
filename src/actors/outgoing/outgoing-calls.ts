import type { Message } from '../../glia/process/actor.ts'
import { type Address, type Aliases, PROTOCOL } from '../../glia/address.ts'
import type { CallContext } from '../../glia/call-context.ts'
import { isSystem, isTarget } from '../../glia/process/call-targets.ts'
import { GliaError, toGliaError } from '../../glia/errors.ts'
import { madeHere } from '../../glia/made-here.ts'
import { nextTask } from '../../glia/wait/next-task.ts'
import type { CallRight, Policy } from '../../glia/process/policy.ts'
import type { Stream } from '../../glia/stream/stream.ts'
import { ERRNO, errnoOf } from './call-errno.ts'
import { type MeshNames, namesUnder, type Viewer } from './call-directory.ts'
import { type SendHttp, sendRequest } from './http-request.ts'
import { isHttpPath, readTarget, requestsUnder } from './http-target.ts'
import type { Carrier } from '../carrier/carrier.ts'
import { type CallFrame, type CallRings, type GuestFrame, type Want } from '../carrier/frames.ts'
import { PortCarrier } from '../carrier/port-carrier.ts'
import { Ring } from '../carrier/ring.ts'
import { RingCarrier } from '../carrier/ring-carrier.ts'
import { Backlog, OutgoingDuplex } from './outgoing-duplex.ts'
import { OutgoingStream } from './outgoing-stream.ts'
import { counted } from '../../glia/counted.ts'

/** Bytes of replies that are kept for all calls of a process while it still writes its requests. */
const BACKLOG_BYTES = 64 * 1024 * 1024

/** The mesh, as a process that may call others sees it. */
export interface OutgoingMesh extends MeshNames {
  /** The meaning of `self` and `root`. */
  readonly aliases: Aliases
  /** Reads an address with aliases. @throws {GliaError} ERR_BAD_ADDRESS; the failure of asking another peer. */
  resolve(path: string, signal: AbortSignal): Promise<Address>
  /** Answers or aborts a call: the router's function. */
  serve(stream: Stream): Promise<void>
}

export interface OutgoingInit {
  /** The PID of the calling process. Other peers see the peer instead. */
  caller: string
  mesh: OutgoingMesh
  /** Sends HTTP requests. Left out: nobody here does. */
  sendHttp?: SendHttp | undefined
  /** The present policy of the process. It may change while the process lives. */
  policy(): Pick<Policy, 'call' | 'callTo' | 'http' | 'maxCalls' | 'spawn'>
  /** Posts to the worker. */
  post(frame: CallFrame): void
  /** Makes a worker that waits for several files look again. */
  nudge(): void
  /** Takes a line for the process's stderr when a call has failed. */
  report(line: string): void
}

/** A file that the guest has open. */
interface OpenFile {
  path: string
  carrier: Carrier
  /** Aborts when this side ends the call: the guest has closed the file, or its message is over. */
  aborter: AbortController
}

/**
 * The page's side of the calls that a guest makes by opening files. All of them are made for the message that the guest
 * handles, and end with it. Everything from the worker is checked.
 */
export class OutgoingCalls {
  readonly #init: OutgoingInit
  readonly #files = new Map<number, OpenFile>()
  readonly #backlog = new Backlog(BACKLOG_BYTES)
  /** The message that is being handled. */
  #message: Message | undefined

  constructor(init: OutgoingInit) {
    this.#init = init
  }

  /** Runs a message. Calls in the meantime are made for it. */
  async during<T>(message: Message, run: () => Promise<T>): Promise<T> {
    const { signal } = message
    const breakOff = (): void => this.#endAll(toGliaError(signal.reason, 'ERR_ABORTED'))
    this.#message = message
    signal.addEventListener('abort', breakOff, { once: true })
    try {
      return await run()
    } finally {
      signal.removeEventListener('abort', breakOff)
      this.#message = undefined
      this.#endAll(new GliaError('ERR_ABORTED', 'The message that this call was made for has ended.'))
      this.#files.clear()
    }
  }

  /** The worker is gone. Idempotent. */
  close(): void {
    this.#endAll(new GliaError('ERR_ABORTED', 'The process that made this call was stopped.'))
  }

  /** Takes a frame about the guest's calls. @throws {TypeError} if the worker sends more than it may. */
  receive(frame: GuestFrame): void {
    if (frame.type === 'open') return void this.#open(frame)
    const file = this.#files.get(frame.id)
    if (frame.type === 'fail') {
      file?.aborter.abort(new GliaError('ERR_ABORTED', 'The process that made this call closed its file.'))
      this.#files.delete(frame.id)
    } else if (file?.carrier instanceof PortCarrier) file.carrier.receive(frame)
  }

  async #open({ id, want, path, rings }: Extract<GuestFrame, { type: 'open' }>): Promise<void> {
    const { post, nudge } = this.#init
    const carrier = rings ? carrierOf(rings, nudge) : new PortCarrier({ id, post })
    const message = this.#message
    const refused = this.#refusal(id, want, path)
    if (refused || !message) {
      carrier.fail(refused?.errno ?? ERRNO.NOTSUP)
      this.#init.report(`${path}: ${refused?.why ?? 'Calls are made while a message is handled.'}`)
      return
    }
    const file = { path, carrier, aborter: new AbortController() }
    this.#files.set(id, file)
    if (want !== 'call') void this.#list(file, want === 'names')
    else if (isHttpPath(path)) void this.#request(file)
    else void this.#call(file, message.context)
    // A refusal by a process of this peer is known within this task, and then opening fails. Anything later, and
    // everything about another peer, the guest learns when it reads or writes.
    await nextTask()
    carrier.accept()
  }

  #refusal(id: number, want: Want, path: string): { errno: number; why: string } | undefined {
    if (this.#message?.signal.aborted) {
      return { errno: ERRNO.CANCELED, why: 'The message that this call would be made for is over.' }
    }
    if (this.#files.has(id)) return { errno: ERRNO.IO, why: 'The file is open already.' }
    const { call, http, maxCalls } = this.#init.policy()
    if (isHttpPath(path) ? http.length === 0 : call === 'off' && !this.#isOwnSystem(path)) {
      return { errno: ERRNO.ACCES, why: 'The policy of this process does not let it call others.' }
    }
    // A guest waits while it reads a directory, so there is at most one.
    if (this.#files.size < maxCalls + (want === 'call' ? 0 : 1)) return undefined
    return { errno: ERRNO.MFILE, why: `${counted(maxCalls, 'call is', 'calls are')} open already: close one first.` }
  }

  /** Whether the path is one of the system process here, and the process may make others. */
  #isOwnSystem(path: string): boolean {
    return this.#init.policy().spawn && isSystem(path, this.#init.mesh.aliases)
  }

  async #call(file: OpenFile, context: CallContext): Promise<void> {
    const { path, carrier, aborter } = file
    const { mesh, caller, policy } = this.#init
    const { call, callTo } = policy()
    try {
      // Checked before the address is resolved, which may ask another peer.
      if (!this.#isOwnSystem(path) && !isTarget(callTo, path, mesh.aliases)) throw notATarget()
      const address = await mesh.resolve(path, aborter.signal)
      aborter.signal.throwIfAborted()
      const stream = new OutgoingStream({
        address,
        caller,
        context: lent(context, call),
        carrier,
        backlog: this.#backlog,
        // The guest gets the errno, and the log gets the code.
        exited: (exit) => !exit.accepted && this.#reportFailure(file, exit, stream),
      })
      stream.signal.addEventListener('abort', () => this.#reportFailure(file, stream.signal.reason, stream), {
        once: true,
      })
      aborter.signal.addEventListener('abort', () => stream.abort(aborter.signal.reason), { once: true })
      await mesh.serve(stream)
    } catch (thrown) {
      carrier.fail(errnoOf(toGliaError(thrown).code))
      this.#reportFailure(file, thrown)
    }
  }

  async #request(file: OpenFile): Promise<void> {
    const { path, carrier, aborter } = file
    const { sendHttp, policy } = this.#init
    const duplex = new OutgoingDuplex(carrier, this.#backlog)
    aborter.signal.addEventListener('abort', () => duplex.abort(aborter.signal.reason), { once: true })
    try {
      const origins = (): readonly string[] => policy().http
      const target = readTarget(path, origins())
      if (!sendHttp) throw new GliaError('ERR_DENIED', 'This peer sends no HTTP requests for its processes.')
      const failure = await sendRequest({ target, duplex, backlog: this.#backlog, send: sendHttp, origins })
      if (failure) this.#reportFailure(file, failure)
    } catch (thrown) {
      const error = toGliaError(thrown)
      duplex.abort(error)
      // A guest that has read enough of a response ends it.
      if (error.code !== 'ERR_NO_READER') this.#reportFailure(file, error)
    }
  }

  async #list({ path, carrier, aborter }: OpenFile, wantsNames: boolean): Promise<void> {
    const reply = new OutgoingDuplex(carrier, this.#backlog)
    aborter.signal.addEventListener('abort', () => reply.abort(aborter.signal.reason), { once: true })
    try {
      const { mesh, policy } = this.#init
      const names = isHttpPath(path)
        ? requestsUnder(path, policy().http)
        : await namesUnder(segmentsOf(path), mesh, this.#viewer(), aborter.signal)
      if (wantsNames) await reply.write(new TextEncoder().encode(names.join('\n')))
      await reply.closeWrite()
    } catch (thrown) {
      reply.abort(toGliaError(thrown))
    }
  }

  /** The viewer of a directory: the process, for the message that it handles. */
  #viewer(): Viewer {
    const { caller, policy } = this.#init
    return { pid: caller, callTo: policy().callTo, strangers: this.#message?.context.onBehalfOf ?? [] }
  }

  /** The log tells of calls that ended from outside. A call that its own side has ended is no news. */
  #reportFailure({ path, aborter }: OpenFile, thrown: unknown, stream?: Stream): void {
    if (aborter.signal.aborted) return
    const error = toGliaError(thrown)
    this.#init.report(`${path}: ${error.message} ${error.code}`)
    if (stream) madeHere(error, this.#init.mesh.aliases.self, stream)
    this.#message?.callFailed?.(error)
  }

  #endAll(reason: GliaError): void {
    for (const { aborter, carrier } of this.#files.values()) {
      aborter.abort(reason)
      carrier.fail(errnoOf(reason.code))
    }
  }
}

function carrierOf({ request, reply }: CallRings, nudge: () => void): RingCarrier {
  return new RingCarrier(new Ring(request), new Ring(reply), nudge)
}

/** With the rights of its owner, a process calls for nobody else. */
function lent(context: CallContext, call: CallRight): CallContext {
  return call === 'owner' ? { ...context, onBehalfOf: [], client: undefined } : context
}

function notATarget(): GliaError {
  return new GliaError('ERR_DENIED', 'The policy of this process does not let it call this address (callTo).')
}

function segmentsOf(path: string): string[] {
  if (path === PROTOCOL) return []
  if (path.startsWith(`${PROTOCOL}/`)) return path.slice(PROTOCOL.length + 1).split('/')
  throw new GliaError('ERR_BAD_ADDRESS', `Processes are found under ${PROTOCOL}.`)
}
