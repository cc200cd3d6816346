// For tests: calls to a process at the end of a lane. Its guest does what the test says, and each end is a Stream.
import { RunStatus } from '../../../src/actors/worker/control.ts'
import type { Lane } from '../../../src/actors/worker/lane.ts'
import { BROKEN } from '../../../src/actors/carrier/ring.ts'
import type { Message } from '../../../src/glia/process/actor.ts'
import { type Address, formatAddress } from '../../../src/glia/address.ts'
import { GliaError } from '../../../src/glia/errors.ts'
import type { Proc } from '../../../src/glia/process/proc.ts'
import type { Router } from '../../../src/glia/router.ts'
import type { CallContext } from '../../../src/glia/call-context.ts'
import type { Stream } from '../../../src/glia/stream/stream.ts'
import { addressOf, makePeer, makeProc } from '../../../src/glia/test-peer.ts'
import type { Outcome } from './instance.ts'

/** The worker's side of a lane in the hands of a test. Reads and writes give the results of a `GuestCall`. */
export interface TestGuest {
  /** Resolves when the next method is entered. */
  entered(): Promise<void>
  /** The bytes that were read, none at the end; or BROKEN. */
  read(): Promise<Uint8Array | typeof BROKEN>
  /** A negative number is an errno. */
  write(chunk: Uint8Array): Promise<number>
  closeRead(): Promise<void>
  closeWrite(): Promise<void>
  /** Resolves when the guest can see that its call is over, in the method that was entered last. */
  over(message: Message): Promise<void>
  /** Ends the method that runs. */
  end(how: keyof typeof OUTCOMES): void
}

const memory = { memoryBytes: 65_536, tmpBytes: 0, code: 0, fileReports: 0, synced: false }

/** What an instance reports for a method that ended like this. */
export const OUTCOMES = {
  returns: { end: { ...memory, status: RunStatus.ok, instanceGone: false } },
  traps: {
    end: { ...memory, status: RunStatus.trapped, instanceGone: true },
    exit: { reason: 'trapped', message: 'unreachable', frames: [] },
  },
} as const satisfies Record<string, Outcome>

/** Calls, one after the other: a lane has one message at a time. */
export class TestCalls {
  readonly #lane: Lane
  readonly #guest: TestGuest
  readonly #proc: Proc
  readonly #router: Router
  #arrival = Promise.withResolvers<GuestStream>()
  #last: [caller: Stream, server: GuestStream] | undefined

  constructor(lane: Lane, guest: TestGuest) {
    this.#lane = lane
    this.#guest = guest
    this.#proc = makeProc(() => (message) => this.#run(message)).proc
    this.#router = makePeer([this.#proc]).router
  }

  /** Ends the call before this one, and opens one. Resolves when its method runs. */
  async open(): Promise<[caller: Stream, server: Stream]> {
    await this.end()
    this.#arrival = Promise.withResolvers()
    const entered = this.#guest.entered()
    const caller = this.#router.open(addressOf(this.#proc), { caller: 'browser' })
    const server = await this.#arrival.promise
    await entered
    server.enter()
    this.#last = [caller, server]
    return this.#last
  }

  /** Ends the last call. Resolves when its method has ended. */
  async end(): Promise<void> {
    const [caller, server] = this.#last ?? []
    caller?.abort(new GliaError('ERR_ABORTED', 'The test is over.'))
    await server?.end()
    this.#last = undefined
  }

  async #run(message: Message): Promise<void> {
    const server = new GuestStream(message, this.#guest, addressOf(this.#proc))
    this.#arrival.resolve(server)
    try {
      const { status } = await this.#lane.run(0, message)
      if (status === RunStatus.trapped) throw server.trap ?? new GliaError('ERR_TRAPPED', 'It was not told to.')
    } finally {
      server.ended.resolve()
    }
  }
}

/** The guest's end of a call. Aborting it is a trap, and the test chooses its words. */
class GuestStream implements Stream {
  readonly protocol: string
  readonly destination: string
  readonly procId: string
  readonly methodName: string
  readonly caller = 'browser'
  readonly context: CallContext
  /** Resolves when its method has ended. */
  readonly ended = Promise.withResolvers<void>()
  trap: Error | undefined
  readonly #message: Message
  readonly #guest: TestGuest
  readonly #aborter = new AbortController()
  readonly #waiting = new Set<Promise<unknown>>()
  #isEnding = false

  constructor(message: Message, guest: TestGuest, address: Address) {
    this.protocol = formatAddress(address)
    this.destination = address.host
    this.procId = address.proc
    this.methodName = address.method
    this.context = message.context
    this.#message = message
    this.#guest = guest
  }

  get signal(): AbortSignal {
    return this.#aborter.signal
  }

  /** Its method runs. */
  enter(): void {
    void this.#guest.over(this.#message).then(() => this.#aborter.abort(this.#message.signal.reason))
  }

  async read(): Promise<Uint8Array | null> {
    const chunk = await this.#note(this.#guest.read())
    if (chunk === BROKEN) throw this.#whyBroken()
    return chunk.length > 0 ? chunk : null
  }

  async write(chunk: Uint8Array): Promise<void> {
    // WASI does not pass it on either.
    if (chunk.length === 0) return
    if ((await this.#note(this.#guest.write(chunk))) < 0) throw this.#whyBroken()
  }

  closeRead(): Promise<void> {
    return this.#guest.closeRead()
  }

  closeWrite(): Promise<void> {
    return this.#guest.closeWrite()
  }

  async close(): Promise<void> {
    await this.closeRead()
    await this.closeWrite()
  }

  abort(reason: Error): void {
    if (this.#isEnding) return
    this.#isEnding = true
    this.trap = reason
    this.#guest.end('traps')
  }

  /** Makes the method return, once the thing for which the guest waits has failed. */
  async end(): Promise<void> {
    await Promise.allSettled(this.#waiting)
    if (!this.#isEnding) this.#guest.end('returns')
    this.#isEnding = true
    await this.ended.promise
  }

  #note<T>(waiting: Promise<T>): Promise<T> {
    this.#waiting.add(waiting)
    return waiting
  }

  /** A guest gets an errno. The page knows the reason: the call is over, or nobody is at the other end. */
  #whyBroken(): Error {
    const { aborted, reason } = this.#message.signal
    if (aborted && reason instanceof Error) return reason
    return new GliaError('ERR_NO_READER', 'The descriptor is of no use any more.')
  }
}
