import type { Message } from '../../glia/process/actor.ts'
import { Breather } from '../../glia/wait/next-task.ts'
import type { Carrier } from '../carrier/carrier.ts'
import type { CallFrame, GuestFrame } from '../carrier/frames.ts'
import { BROKEN } from '../carrier/ring.ts'
import { type RunEnd, RunStatus } from './control.ts'
import type { Channel } from './worker-api.ts'

/** Longest time that a guest which writes without end keeps the page's thread, in ms. */
export const HOLD_MS = 8

/** Turns of the microtask queue that bytes which are there already take from a stream to the carrier. */
const FEED_TURNS = 16

/** What a lane runs messages over: rings or a port. The bytes of a message are those of call 0. */
export interface Wire {
  /** The worker's side, to be posted to it. */
  readonly channel: Channel
  /** Ports in `channel`, which posting it has to transfer. */
  readonly transfer: Transferable[]
  readonly carrier: Carrier
  /**
   * Asks the worker to run a method.
   * @param again For the message that could not begin: all that was sent of it stays. Otherwise the carrier is made new.
   */
  start(method: number, again: boolean): void
  /** Whether the method has ended. */
  readonly isDone: boolean
  /** How it ended. */
  result(): RunEnd
  /** Looks for some microseconds whether it ends: that is faster than to sleep. Left out: it cannot be seen like that. */
  spin?(): void
  /** Sends what is about calls of the guest. */
  post(frame: CallFrame): void
  /** Has a guest look again that waits for several things (poll_oneoff): one of its calls has changed. */
  nudge(): void
  /** Between two messages: has the message loop end where it blocks the worker. @returns whether it does. */
  pause(): boolean
  /** The worker is gone. */
  close(): void
}

export interface LaneInit {
  /** Gets what the guest writes to stderr. */
  onStderr(bytes: Uint8Array): void
  /** Gets what is about the calls that the guest makes. Left out: it may make none. */
  calls?: ((frame: GuestFrame) => void) | undefined
  /** The worker has sent what no worker sends: it is to be ended, for nothing it says from then on can be believed. */
  broken(thrown: unknown): void
}

/** A message under way. Its feeder may outlive it, waiting for bytes that nobody wants: it must not touch the next message. */
interface Run {
  over: boolean
  /** The whole message is sent. */
  fed: boolean
  /** The guest wants no more of the message, and the caller knows. */
  refused: boolean
  /** The guest has ended its reply, and the caller knows. */
  replied: boolean
}

/** The page's side of one actor worker's messages: sends them, one at a time, and passes the replies on. */
export class Lane {
  readonly wire: Wire
  #closed: Error | undefined

  constructor(wire: Wire) {
    this.wire = wire
  }

  /**
   * Runs one message to its end, whatever becomes of the caller meanwhile.
   * @param method Index of the method in the program.
   * @param again Asked when the message could not begin, for want of room for an instance: whether to try once more.
   * @throws what `close` was given.
   */
  async run(method: number, message: Message, again = async () => false): Promise<RunEnd> {
    if (this.#closed) throw this.#closed
    const { wire } = this
    const { carrier } = wire
    const breakOff = (): void => carrier.fail()
    const run: Run = { over: false, fed: false, refused: false, replied: false }
    // The worker starts while the first bytes are fetched: a guest that reads before they come just waits.
    wire.start(method, false)
    message.signal.addEventListener('abort', breakOff, { once: true })
    if (message.signal.aborted) breakOff()
    void this.#feed(run, message)
    try {
      for (;;) {
        await this.#drain(run, message)
        const end = wire.result()
        if (end.status !== RunStatus.noRoom || !(await again())) return end
        if (this.#closed) throw this.#closed
        wire.start(method, true)
      }
    } finally {
      message.signal.removeEventListener('abort', breakOff)
      run.over = true
      if (!run.fed) carrier.wake()
    }
  }

  /** The worker is gone: what waits is rejected. Idempotent. */
  close(reason: Error): void {
    if (this.#closed) return
    this.#closed = reason
    this.wire.close()
    this.wire.carrier.wake()
  }

  async #feed(run: Run, message: Message): Promise<void> {
    const { carrier } = this.wire
    const breather = new Breather(HOLD_MS)
    try {
      for (let chunk = await message.read(); chunk !== null && !run.over; chunk = await message.read()) {
        await this.#putAll(run, chunk)
        if (run.over) return
        if (carrier.stopped) this.#refuse(run, message)
        await breather.breathe()
      }
      if (!run.over) carrier.end()
      run.fed = true
    } catch {
      // The message broke off, which is the caller's to report; the guest learns it from its next read.
      if (!run.over) carrier.fail()
    }
  }

  async #putAll(run: Run, chunk: Uint8Array): Promise<void> {
    const { carrier } = this.wire
    for (let done = 0; done < chunk.length && !run.over;) {
      const count = carrier.put(done === 0 ? chunk : chunk.subarray(done))
      if (count === BROKEN) return
      done += count
      if (count === 0) await carrier.roomCame()
    }
  }

  async #drain(run: Run, message: Message): Promise<void> {
    const { wire } = this
    const { carrier } = wire
    if (wire.spin) {
      // Bytes that are at hand are sent within these; then a small message is often answered before a sleep is worth it.
      for (let i = 0; i < FEED_TURNS && !run.fed; i++) await Promise.resolve()
      if (run.fed) wire.spin()
    }
    const breather = new Breather(HOLD_MS)
    for (let done = false; ;) {
      const chunk = carrier.take(message.room)
      if (!done && carrier.stopped) this.#refuse(run, message)
      if (chunk) {
        await this.#pass(chunk, message)
        await breather.breathe()
        continue
      }
      if (done) return
      // Looked at between two looks at the bytes, so nothing the guest wrote is missed.
      done = wire.isDone
      if (done) continue
      if (this.#closed) throw this.#closed
      if (carrier.finished) this.#endReply(run, message)
      await carrier.arrival()
    }
  }

  /** The guest has closed its stdin. The feeder and the drain both look: each of them may be waiting for the caller. */
  #refuse(run: Run, message: Message): void {
    if (run.over || run.refused) return
    run.refused = true
    message.closeRead()
  }

  /** The guest has closed its stdout. */
  #endReply(run: Run, message: Message): void {
    if (run.replied) return
    run.replied = true
    message.closeWrite()
  }

  async #pass(chunk: Uint8Array, message: Message): Promise<void> {
    try {
      await message.write(chunk)
    } catch {
      // Nobody reads the reply any more: the guest's writes fail from now on, and it may still end well.
      this.wire.carrier.stop()
    }
  }
}
