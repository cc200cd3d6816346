import type { Message } from '../../glia/process/actor.ts'
import { type Address, type Aliases, PROTOCOL } from '../../glia/address.ts'
import type { CallContext } from '../../glia/call-context.ts'
import { isTarget } from '../../glia/process/call-targets.ts'
import { GliaError, toGliaError } from '../../glia/errors.ts'
import { nextTask } from '../../glia/wait/next-task.ts'
import type { CallRight, Policy } from '../../glia/process/policy.ts'
import type { Stream } from '../../glia/stream/stream.ts'
import { ERRNO, errnoOf } from './call-errno.ts'
import { type MeshNames, namesUnder, type Viewer } from './call-directory.ts'
import { type FromGuest, readFromGuest, type ToGuest, type Want } from './outgoing-api.ts'
import { Backlog, OutgoingDuplex } from './outgoing-duplex.ts'
import type { OutgoingLink } from './outgoing-link.ts'
import { PortLink } from './outgoing-port-link.ts'
import { RingLink } from './outgoing-ring-link.ts'
import { OutgoingStream } from './outgoing-stream.ts'

/** Bytes of replies that are kept for a process while it still writes its requests, for all its calls together. */
const BACKLOG_BYTES = 64 * 1024 * 1024

/** The mesh as a process sees it that may call others. */
export interface OutgoingMesh extends MeshNames {
  /** What `self` and `root` stand for. */
  readonly aliases: Aliases
  /** Reads an address with aliases. @throws {GliaError} ERR_BAD_ADDRESS; why another peer could not be asked. */
  resolve(path: string, signal: AbortSignal): Promise<Address>
  /** Has a call answered or aborted: the router's. */
  serve(stream: Stream): Promise<void>
}

export interface OutgoingInit {
  /** Who calls: the PID of the process. Other peers see the peer instead. */
  caller: string
  mesh: OutgoingMesh
  /** The policy of the process, as it is now: it may change while the process lives. */
  policy(): Pick<Policy, 'call' | 'callTo' | 'maxCalls'>
  /** Has the worker look again if it waits for several files at once. */
  nudge(): void
  /** Gets a line for the process's stderr when a call has failed. */
  report(line: string): void
  /** The worker has sent what no worker sends: it is to be ended, for its guest may wait for an answer. */
  broken(thrown: unknown): void
}

/** A file that the guest has open. */
interface OpenFile {
  path: string
  link: OutgoingLink
  /** Aborts when this side ends the call: the guest has closed the file, or its message is over. */
  aborter: AbortController
}

/**
 * The page's side of the calls that a guest makes by opening files. All of them are made for the message that it handles,
 * and end with it. Nothing that the worker says is believed.
 */
export class OutgoingCalls {
  /** The worker's end, to be posted to it. */
  readonly port: MessagePort
  readonly #init: OutgoingInit
  readonly #port: MessagePort
  readonly #files = new Map<number, OpenFile>()
  readonly #backlog = new Backlog(BACKLOG_BYTES)
  /** The message that is handled now. */
  #message: Message | undefined

  constructor(init: OutgoingInit) {
    const { port1, port2 } = new MessageChannel()
    this.#init = init
    this.#port = port1
    this.port = port2
    port1.onmessage = ({ data }: MessageEvent) => {
      try {
        this.#receive(readFromGuest(data))
      } catch (thrown) {
        init.broken(thrown)
      }
    }
  }

  /** Runs a message. Calls that are made meanwhile are made for it. */
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
    this.#port.close()
    this.#endAll(new GliaError('ERR_ABORTED', 'The process that made this call was stopped.'))
  }

  #receive(message: FromGuest): void {
    if (message.type === 'open') return void this.#open(message)
    const file = this.#files.get(message.id)
    if (message.type === 'close') {
      file?.aborter.abort(new GliaError('ERR_ABORTED', 'The process that made this call closed its file.'))
      this.#files.delete(message.id)
    } else if (file?.link instanceof PortLink) file.link.receive(message)
  }

  async #open({ id, want, path, rings }: Extract<FromGuest, { type: 'open' }>): Promise<void> {
    const link = rings ? new RingLink(rings, this.#init.nudge) : new PortLink(id, this.#post)
    const message = this.#message
    const refused = this.#refusal(id, want)
    if (refused || !message) {
      link.failed(refused?.errno ?? ERRNO.NOTSUP)
      this.#init.report(`${path}: ${refused?.why ?? 'Calls are made while a message is handled.'}`)
      return
    }
    const file = { path, link, aborter: new AbortController() }
    this.#files.set(id, file)
    if (want === 'call') void this.#call(file, message.context)
    else void this.#list(file, want === 'names')
    // What a process of this peer has against the call is known within this task: then opening fails. How it fares, and all of
    // another peer, the guest learns when it reads or writes.
    await nextTask()
    link.opened()
  }

  #refusal(id: number, want: Want): { errno: number; why: string } | undefined {
    if (this.#message?.signal.aborted) {
      return { errno: ERRNO.CANCELED, why: 'The message that this call would be made for is over.' }
    }
    if (this.#files.has(id)) return { errno: ERRNO.IO, why: 'The file is open already.' }
    const { call, maxCalls } = this.#init.policy()
    if (call === 'off') return { errno: ERRNO.ACCES, why: 'The policy of this process does not let it call others.' }
    // A guest waits for its look at a directory: there is one at most.
    if (this.#files.size < maxCalls + (want === 'call' ? 0 : 1)) return undefined
    return { errno: ERRNO.MFILE, why: `${maxCalls} calls are open already: close one first.` }
  }

  async #call(file: OpenFile, context: CallContext): Promise<void> {
    const { path, link, aborter } = file
    const { mesh, caller, policy } = this.#init
    const { call, callTo } = policy()
    try {
      // Before the address is resolved: that may ask another peer.
      if (!isTarget(callTo, path, mesh.aliases)) throw notATarget()
      const address = await mesh.resolve(path, aborter.signal)
      aborter.signal.throwIfAborted()
      const stream = new OutgoingStream({
        address,
        caller,
        context: lent(context, call),
        link,
        backlog: this.#backlog,
        // The guest learns the errno; its people learn the code.
        exited: (exit) => !exit.accepted && this.#reportFailure(file, exit),
      })
      stream.signal.addEventListener('abort', () => this.#reportFailure(file, stream.signal.reason), { once: true })
      aborter.signal.addEventListener('abort', () => stream.abort(aborter.signal.reason), { once: true })
      await mesh.serve(stream)
    } catch (thrown) {
      link.failed(errnoOf(toGliaError(thrown).code))
      this.#reportFailure(file, thrown)
    }
  }

  async #list({ path, link, aborter }: OpenFile, wantsNames: boolean): Promise<void> {
    const reply = new OutgoingDuplex(link, this.#backlog)
    aborter.signal.addEventListener('abort', () => reply.abort(aborter.signal.reason), { once: true })
    try {
      const names = await namesUnder(segmentsOf(path), this.#init.mesh, this.#viewer(), aborter.signal)
      if (wantsNames) await reply.write(new TextEncoder().encode(names.join('\n')))
      await reply.closeWrite()
    } catch (thrown) {
      reply.abort(toGliaError(thrown))
    }
  }

  /** Who looks at a directory: the process, for the message that it handles. */
  #viewer(): Viewer {
    const { caller, policy } = this.#init
    return { pid: caller, callTo: policy().callTo, strangers: this.#message?.context.onBehalfOf ?? [] }
  }

  /** What ends a call from outside is told to the guest's people; what its own side ends is no news. */
  #reportFailure({ path, aborter }: OpenFile, thrown: unknown): void {
    if (aborter.signal.aborted) return
    const { message, code } = toGliaError(thrown)
    this.#init.report(`${path}: ${message} ${code}`)
  }

  #endAll(reason: GliaError): void {
    for (const { aborter, link } of this.#files.values()) {
      aborter.abort(reason)
      link.failed(errnoOf(reason.code))
    }
  }

  readonly #post = (message: ToGuest, transfer: Transferable[] = []): void => this.#port.postMessage(message, transfer)
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
