import type { Message } from '../../glia/process/actor.ts'
import { Breather } from '../../glia/wait/next-task.ts'
import { Control, type RunEnd, RunStatus } from './control.ts'
import type { Lane, LaneInit } from './lane.ts'
import { BROKEN, Ring } from './ring.ts'
import { Spinner } from './spinner.ts'
import type { Channel } from './worker-api.ts'

/** stderr is text for people: a small ring, with back-pressure on a guest that floods it. */
const STDERR_BYTES = 16 * 1024

/** Turns of the microtask queue that bytes which are there already take from a stream to the ring. */
const FEED_TURNS = 16
/** Longest time that the page looks for a reply before it goes on to other things, in ms: the main thread is not to stall. */
const SPIN_MS = 0.03
/** Messages that it does not look for after one that took longer. */
const SPIN_PAUSE = 8

/** Longest time that a guest which writes without end keeps the page's thread, in ms. */
const HOLD_MS = 8

/** A message under way. Its feeder may outlive it, waiting for bytes that nobody wants: it must not touch the next one's ring. */
interface Run {
  id: number
  over: boolean
  /** The whole message is in the ring. */
  fed: boolean
  /** The guest wants no more of the message, and the caller knows. */
  refused: boolean
  /** The guest has ended its reply, and the caller knows. */
  replied: boolean
}

/** Bytes through shared rings, control through shared words: nothing is posted to run a message. */
export class RingLane implements Lane {
  readonly channel: Channel
  readonly transfer: Transferable[] = []
  readonly #control = Control.allocate()
  readonly #stdin = Ring.allocate()
  readonly #stdout = Ring.allocate()
  readonly #stderr = Ring.allocate(STDERR_BYTES)
  readonly #spinner = new Spinner(SPIN_MS, SPIN_PAUSE)
  #closed: Error | undefined

  constructor({ onStderr }: Pick<LaneInit, 'onStderr'>) {
    this.channel = {
      tier: 'rings',
      control: this.#control.buffer,
      stdin: this.#stdin.buffer,
      stdout: this.#stdout.buffer,
      stderr: this.#stderr.buffer,
    }
    void this.#drainStderr(onStderr)
  }

  async run(method: number, message: Message, again = async () => false): Promise<RunEnd> {
    this.#stdin.reset()
    this.#stdout.reset()
    const breakOff = (): void => {
      this.#stdin.abort()
      this.#stdout.abort()
    }
    message.signal.addEventListener('abort', breakOff, { once: true })
    if (message.signal.aborted) breakOff()
    // The worker starts while the first bytes are fetched: a guest that reads before they come just waits.
    const id = this.#control.command(method)
    const run: Run = { id, over: false, fed: false, refused: false, replied: false }
    void this.#feed(run, message)
    try {
      for (;;) {
        await this.#drain(run, message)
        const end = this.#control.result()
        if (end.status !== RunStatus.noRoom || !(await again())) return end
        // Nothing of the message was read: what is in the ring stays there.
        run.id = this.#control.command(method)
      }
    } finally {
      message.signal.removeEventListener('abort', breakOff)
      run.over = true
      this.#stdin.wake()
    }
  }

  nudge(): void {
    this.#stdin.nudge()
  }

  pause(): boolean {
    this.#control.pause()
    return true
  }

  get awaitsInput(): boolean {
    return this.#stdin.awaited
  }

  close(reason: Error): void {
    if (this.#closed) return
    this.#closed = reason
    this.#control.close()
    for (const ring of [this.#stdin, this.#stdout, this.#stderr]) ring.abort()
  }

  async #feed(run: Run, message: Message): Promise<void> {
    const breather = new Breather(HOLD_MS)
    try {
      for (let chunk = await message.read(); chunk !== null && !run.over; chunk = await message.read()) {
        await this.#putAll(run, chunk)
        if (this.#stdin.cancelled) this.#refuse(run, message)
        await breather.breathe()
      }
      if (!run.over) this.#stdin.end()
      run.fed = true
    } catch {
      // The message broke off, which is the caller's to report; the guest learns it from its next read.
      if (!run.over) this.#stdin.abort()
    }
  }

  async #putAll(run: Run, chunk: Uint8Array): Promise<void> {
    for (let done = 0; done < chunk.length && !run.over;) {
      const sequence = this.#stdin.writerSequence
      const count = this.#stdin.put(done === 0 ? chunk : chunk.subarray(done))
      if (count === BROKEN) return
      done += count
      if (count === 0) await this.#stdin.writerChanged(sequence)
    }
  }

  async #drain(run: Run, message: Message): Promise<void> {
    // Bytes that are at hand reach the ring within these; then a small message is often answered before a sleep is worth it.
    for (let i = 0; i < FEED_TURNS && !run.fed; i++) await Promise.resolve()
    if (run.fed) this.#spinner.until(() => this.#control.isDone(run.id))
    const breather = new Breather(HOLD_MS)
    for (;;) {
      const sequence = this.#stdout.readerSequence
      const done = this.#control.isDone(run.id)
      if (!done && this.#stdin.cancelled) this.#refuse(run, message)
      const chunk = this.#stdout.take(message.room)
      if (chunk) {
        // A guest may wait for room in its reply beside other things.
        this.#stdin.nudge()
        await this.#pass(chunk, message)
        await breather.breathe()
        continue
      }
      // Looked at before the ring was found empty, so nothing the guest wrote is missed.
      if (done) return
      if (this.#closed) throw this.#closed
      if (this.#stdout.finished) this.#endReply(run, message)
      await this.#stdout.readerChanged(sequence)
    }
  }

  /** The guest has closed its stdin. The feeder and the drain both look: each of them may be waiting for the caller. */
  #refuse(run: Run, message: Message): void {
    if (run.over || run.refused) return
    run.refused = true
    message.closeRead()
  }

  /** The guest has closed its stdout, or nobody reads it. */
  #endReply(run: Run, message: Message): void {
    if (run.replied || this.#stdout.broken) return
    run.replied = true
    message.closeWrite()
  }

  async #pass(chunk: Uint8Array, message: Message): Promise<void> {
    try {
      await message.write(chunk)
    } catch {
      // Nobody reads the reply any more: the guest's writes fail from now on, and it may still end well.
      this.#stdout.cancel()
      this.#stdin.nudge()
    }
  }

  async #drainStderr(onStderr: (bytes: Uint8Array) => void): Promise<void> {
    const breather = new Breather(HOLD_MS)
    while (!this.#closed) {
      const sequence = this.#stderr.readerSequence
      const chunk = this.#stderr.take()
      if (chunk) {
        onStderr(chunk)
        await breather.breathe()
      } else await this.#stderr.readerChanged(sequence)
    }
  }
}
