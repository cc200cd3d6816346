import { ArrivingStream } from '../process/arriving-stream.ts'
import {
  COUNT_MS,
  MAX_CALLS,
  MAX_CALLS_PER_PEER,
  MAX_WAITING_BYTES,
  MAX_WAITING_BYTES_PER_PEER,
  SILENCE_MS,
} from '../call-limits.ts'
import type { CallNote } from '../call-note.ts'
import { GliaError } from '../errors.ts'
import { FairQueue, type Sender } from '../process/fair-queue.ts'
import { senderOf } from '../process/sender-of.ts'
import type { Stream } from '../stream/stream.ts'
import { settlesWithin } from '../wait/turns.ts'

/** The process of a call. */
export interface Callee {
  deliver(stream: Stream, arriving: ArrivingStream, note?: CallNote): Promise<void>
}

/**
 * The door of this peer for the calls of others, over every transport. It gives a call to its process when the message
 * has begun. It limits the calls and their waiting bytes, of each peer and in all. Without room it refuses the newest
 * call of the peer with the most. If several peers have equally many, it refuses the new call, or else one of each in
 * turn. The owner's calls do not pass it.
 */
export class Door {
  readonly #calls = new FairQueue<Call>()
  #counting: ReturnType<typeof setInterval> | undefined

  /** Calls that are under way or wait. */
  get calls(): number {
    return this.#calls.size
  }

  /**
   * Delivers a call when its message begins.
   * @throws {GliaError} ERR_MAILBOX_FULL; ERR_DEADLINE if the message does not begin; the error of the delivery.
   */
  async enter(stream: Stream, callee: Callee, note?: CallNote): Promise<void> {
    const arriving = new ArrivingStream(stream)
    const call = new Call(arriving)
    this.#calls.add(call)
    try {
      this.#makeRoom(call)
      stream.signal.throwIfAborted()
      await begun(arriving)
      this.#counting ??= setInterval(() => this.#count(), COUNT_MS)
      await callee.deliver(arriving, arriving, note)
    } finally {
      this.#calls.remove(call)
    }
  }

  #makeRoom(newcomer: Call): void {
    const { peer } = newcomer
    const one = (call: Call): number => Number(call.waits)
    if (this.#calls.sizeOf(peer) > MAX_CALLS_PER_PEER) {
      refuse(
        this.#calls.heaviest(one, { peer, newcomer }),
        `Too many calls at once: this peer takes ${MAX_CALLS_PER_PEER} of each caller.`,
      )
    } else if (this.#calls.size > MAX_CALLS) {
      refuse(
        this.#calls.heaviest(one, { newcomer }),
        `Too many calls at once: this peer takes ${MAX_CALLS} in all, and most of them are yours.`,
      )
    }
  }

  #count(): void {
    // Not when the last call ends: the next one may be there at once.
    if (this.#calls.size === 0) return this.#stopCounting()
    const heavy = new Map<string, number>()
    let total = 0
    for (const call of this.#calls) {
      const { waitingBytes } = call
      total += waitingBytes
      heavy.set(call.peer, (heavy.get(call.peer) ?? 0) + waitingBytes)
    }
    for (const [peer, bytes] of heavy) {
      total -= this.#lighten(bytes - MAX_WAITING_BYTES_PER_PEER, peer)
    }
    this.#lighten(total - MAX_WAITING_BYTES)
  }

  /** Refuses calls until so many bytes are free. @returns the bytes of the refused calls. */
  #lighten(bytes: number, peer?: string): number {
    let gone = 0
    while (gone < bytes) {
      const call = this.#calls.heaviest(({ waitingBytes }) => waitingBytes, { peer })
      if (!call) break
      gone += call.waitingBytes
      this.#calls.remove(call)
      refuse(call, 'Too many bytes of your messages wait for their turn. Send more when some are answered.')
    }
    return gone
  }

  #stopCounting(): void {
    clearInterval(this.#counting)
    this.#counting = undefined
  }
}

/** A call at the door. */
class Call implements Sender {
  readonly peer: string
  readonly client: string
  readonly #arriving: ArrivingStream

  constructor(arriving: ArrivingStream) {
    const { peer, client } = senderOf(arriving)
    this.peer = peer
    this.client = client
    this.#arriving = arriving
  }

  get waits(): boolean {
    return this.#arriving.waits
  }

  /** 0 once it has its turn. */
  get waitingBytes(): number {
    return this.waits ? this.#arriving.unreadBytes : 0
  }

  abort(error: GliaError): void {
    this.#arriving.abort(error)
  }
}

function refuse(call: Call | undefined, message: string): void {
  call?.abort(new GliaError('ERR_MAILBOX_FULL', message))
}

/** Turns of the microtask queue within which the first bytes are read that came with the call. */
const TURNS = 8

/** @throws {GliaError} ERR_DEADLINE if the message does not begin; the reason of the stream's abort. */
async function begun(arriving: ArrivingStream): Promise<void> {
  const begin = arriving.begin()
  if (await settlesWithin(begin, TURNS)) return begin
  const timer = setTimeout(() => {
    const message = `Nothing was sent for ${SILENCE_MS / 1000} s. Send a message, or end it if it is empty.`
    arriving.abort(new GliaError('ERR_DEADLINE', message))
  }, SILENCE_MS)
  try {
    await begin
  } finally {
    clearTimeout(timer)
  }
}
