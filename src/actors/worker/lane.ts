import type { Message } from '../../glia/process/actor.ts'
import { Breather } from '../../glia/wait/next-task.ts'
import { withinTurns } from '../../glia/wait/turns.ts'
import type { Carrier } from '../carrier/carrier.ts'
import type { CallFrame, GuestFrame } from '../carrier/frames.ts'
import { BROKEN } from '../carrier/ring.ts'
import { type RunEnd, RunStatus } from './control.ts'
import type { Extent } from '../snapshot/snapshot.ts'
import type { Channel } from './worker-api.ts'

/** Longest time that a guest that writes without end keeps the page's thread, in ms. */
export const HOLD_MS = 8

/**
 * How long a closed stdout waits for the end of its method, in ms. Many programs close it on their way out, and the end tells
 * whether the reply is whole.
 */
const WAY_OUT_MS = 100

/** Turns of the microtask queue that bytes that are there already need from a stream to the carrier. */
const FEED_TURNS = 16

/** Carries the messages of a lane: rings or a port. The bytes of a message are those of call 0. */
export interface Wire {
  /** The worker's side, to be posted to the worker. */
  readonly channel: Channel
  /** Ports in `channel`, which have to be transferred. */
  readonly transfer: Transferable[]
  readonly carrier: Carrier
  /**
   * Asks the worker to run a method.
   * @param again For a message that could not begin: everything that was sent of it stays. Otherwise the carrier is
   * made new.
   */
  start(method: number, again: boolean): void
  /** Whether the method has ended. */
  readonly isDone: boolean
  /** How it ended. */
  result(): RunEnd
  /**
   * Looks for some microseconds whether the method ends, which is faster than sleeping. Left out: that cannot be seen.
   */
  spin?(): void
  /** Sends a frame about calls of the guest. */
  post(frame: CallFrame): void
  /** Makes a guest that waits for several things (poll_oneoff) look again, because one of its calls has changed. */
  nudge(): void
  /** Passes on what the guest has written to stderr until now. Left out: that is done already. */
  passStderr?(): void
  /** Between two messages: ends the message loop if it blocks the worker. @returns whether it does. */
  pause(): boolean
  /**
   * Between two messages: makes the message loop take the state of its instance, and post it. Left out: the worker is
   * asked for it.
   */
  take?(extent: Extent): void
  /** The worker is gone. */
  close(): void
}

export interface LaneInit {
  /** Gets what the guest writes to stderr. */
  onStderr(bytes: Uint8Array): void
  /** Gets frames about the calls of the guest. Left out: the guest may make none. */
  calls?: ((frame: GuestFrame) => void) | undefined
  /**
   * The worker has sent something that is never sent. It has to be ended, since nothing from it can be trusted from
   * then on.
   */
  broken(thrown: unknown): void
}

/**
 * A message under way. Its feeder may outlive it, waiting for bytes that nobody wants. It must not touch the next
 * message.
 */
interface Run {
  over: boolean
  /** The whole message is sent. */
  fed: boolean
  /** The guest wants no more of the message, and the caller knows. */
  refused: boolean
  /** The guest has ended its reply, and the caller knows. */
  replied: boolean
  /** Set while the guest has ended its reply, and the caller does not know it yet. */
  ending: ReturnType<typeof setTimeout> | undefined
}

/** The page's side of one actor worker's messages. It sends them one at a time, and passes the replies on. */
export class Lane {
  readonly wire: Wire
  #closed: Error | undefined

  constructor(wire: Wire) {
    this.wire = wire
  }

  /**
   * Runs one message to its end, whatever becomes of the caller.
   * @param method Index of the method in the program.
   * @param again Asked when there was no room for an instance, so that the message could not begin: whether to try once
   * more.
   * @throws the reason of `close`.
   */
  async run(method: number, message: Message, again = async () => false): Promise<RunEnd> {
    if (this.#closed) throw this.#closed
    const { wire } = this
    const { carrier } = wire
    const breakOff = (): void => carrier.fail()
    const run: Run = { over: false, fed: false, refused: false, replied: false, ending: undefined }
    // The worker starts while the first bytes are fetched. A guest that reads before they arrive waits.
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
      clearTimeout(run.ending)
      if (!run.fed) carrier.wake()
    }
  }

  /** The worker is gone. Whatever waits is rejected. Idempotent. */
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
      // The message broke off, which the caller reports. The guest learns it at its next read.
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
      // Bytes at hand are sent within these turns. A small message is then often answered before a sleep is worth it.
      if (await withinTurns(() => run.fed, FEED_TURNS)) wire.spin()
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
      // Read between two looks at the bytes, so that nothing the guest wrote is missed.
      done = wire.isDone
      if (done) continue
      if (this.#closed) throw this.#closed
      if (carrier.finished) run.ending ??= setTimeout(() => this.#endReply(run, message), WAY_OUT_MS)
      await carrier.arrival()
    }
  }

  /**
   * The guest has closed its stdin. The feeder and the drain both check it: each of them may be waiting for the caller.
   */
  #refuse(run: Run, message: Message): void {
    if (run.over || run.refused) return
    run.refused = true
    message.closeRead()
  }

  /** The guest has closed its stdout, and its method goes on. */
  #endReply(run: Run, message: Message): void {
    if (run.replied) return
    run.replied = true
    message.closeWrite()
  }

  async #pass(chunk: Uint8Array, message: Message): Promise<void> {
    try {
      await message.write(chunk)
    } catch {
      // Nobody reads the reply. The guest's writes fail from now on, and it may still end well.
      this.wire.carrier.stop()
    }
  }
}
