import type { CallContext } from '../glia/call-context.ts'
import { GliaError, toGliaError } from '../glia/errors.ts'
import type { Stream } from '../glia/stream.ts'
import { IDLE_MS, MAX_CALLS, MAX_CALLS_PER_PEER, MAX_DELIVERED_PER_PROCESS } from './limits.ts'
import { Turns } from './turns.ts'

export interface AdmissionInit {
  /** Delivers a call: the router's. */
  serve(stream: Stream): Promise<void>
}

/**
 * The door for calls of other peers. A process takes one message at a time, so a caller that sends nothing, or a thousand of
 * them, must not reach its mailbox: a call is let in when its message has begun, and each peer has at most
 * {@link MAX_DELIVERED_PER_PROCESS} of them in a process at a time. The rest wait here, bounded, in their order.
 */
export class Admission {
  readonly #init: AdmissionInit
  readonly #open = new Map<string, number>()
  #total = 0
  readonly #queues = new Map<string, Turns>()

  constructor(init: AdmissionInit) {
    this.#init = init
  }

  /** Calls of other peers that are under way or wait. */
  get calls(): number {
    return this.#total
  }

  /** Has a call answered or refused. Never rejects: what goes wrong aborts the stream. */
  async admit(stream: Stream): Promise<void> {
    const { caller } = stream
    const open = this.#open.get(caller) ?? 0
    if (open >= MAX_CALLS_PER_PEER || this.#total >= MAX_CALLS) {
      stream.abort(
        new GliaError('ERR_MAILBOX_FULL', `Too many calls at once: this peer takes ${MAX_CALLS_PER_PEER} of each.`),
      )
      return
    }
    this.#open.set(caller, open + 1)
    this.#total += 1
    try {
      const first = await firstOf(stream)
      await this.#inTurn(stream, () => this.#init.serve(new BegunStream(stream, first)))
    } catch (thrown) {
      stream.abort(toGliaError(thrown))
    } finally {
      this.#total -= 1
      const left = (this.#open.get(caller) ?? 1) - 1
      if (left > 0) this.#open.set(caller, left)
      else this.#open.delete(caller)
    }
  }

  async #inTurn(stream: Stream, run: () => Promise<void>): Promise<void> {
    const key = `${stream.caller} ${stream.procId}`
    const queue = this.#queues.get(key) ?? new Turns(MAX_DELIVERED_PER_PROCESS)
    this.#queues.set(key, queue)
    try {
      await queue.run(async () => {
        if (!stream.signal.aborted) await run()
      })
    } finally {
      if (queue.idle && this.#queues.get(key) === queue) this.#queues.delete(key)
    }
  }
}

/** The first piece of a message, or null if it is empty. @throws {GliaError} ERR_DEADLINE if it does not begin. */
async function firstOf(stream: Stream): Promise<Uint8Array | null> {
  const timer = setTimeout(() => {
    stream.abort(
      new GliaError(
        'ERR_DEADLINE',
        `Nothing was sent for ${IDLE_MS / 1000} s. Send a message, or end it if it is empty.`,
      ),
    )
  }, IDLE_MS)
  try {
    return await stream.read()
  } finally {
    clearTimeout(timer)
  }
}

/** A stream whose first piece has been read already. */
class BegunStream implements Stream {
  readonly #stream: Stream
  #first: Uint8Array | null | undefined

  constructor(stream: Stream, first: Uint8Array | null) {
    this.#stream = stream
    this.#first = first
  }

  get protocol(): string {
    return this.#stream.protocol
  }
  get destination(): string {
    return this.#stream.destination
  }
  get procId(): string {
    return this.#stream.procId
  }
  get methodName(): string {
    return this.#stream.methodName
  }
  get caller(): string {
    return this.#stream.caller
  }
  get expectedBytes(): number | undefined {
    return this.#stream.expectedBytes
  }
  get context(): CallContext {
    return this.#stream.context
  }
  get signal(): AbortSignal {
    return this.#stream.signal
  }

  async read(): Promise<Uint8Array | null> {
    const first = this.#first
    if (first === undefined || this.signal.aborted) return this.#stream.read()
    // An empty message stays at its end; anything else goes on with the stream.
    if (first !== null) this.#first = undefined
    return first
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#stream.write(chunk)
  }

  closeRead(): Promise<void> {
    this.#first = undefined
    return this.#stream.closeRead()
  }

  closeWrite(): Promise<void> {
    return this.#stream.closeWrite()
  }

  close(): Promise<void> {
    this.#first = undefined
    return this.#stream.close()
  }

  abort(reason: Error): void {
    this.#stream.abort(reason)
  }
}
