import { Breather } from '../../glia/wait/next-task.ts'
import { type CallFrame, guestFrame } from '../carrier/frames.ts'
import { PagePort } from '../carrier/page-port.ts'
import { Ring } from '../carrier/ring.ts'
import { RingCarrier } from '../carrier/ring-carrier.ts'
import { Spinner } from '../carrier/spinner.ts'
import { Control, type RunEnd } from './control.ts'
import type { Extent } from '../snapshot/snapshot.ts'
import { HOLD_MS, type LaneInit, type Wire } from './lane.ts'
import type { Channel } from './worker-api.ts'

/** stderr is text for people: a small ring, with back-pressure on a guest that floods it. */
const STDERR_BYTES = 16 * 1024

/**
 * Longest time that the page looks for a reply before it goes on, in ms. The main thread must not stall, but a worker
 * that sleeps needs more than half of it to wake.
 */
const SPIN_MS = 0.1
/** Most messages during which it does not look, after several in turn that took longer. */
const SPIN_PAUSE = 15

/** Bytes go through shared rings, control through shared words. Nothing is posted to run a message. */
export class RingWire implements Wire {
  readonly channel: Channel & { tier: 'rings' }
  readonly transfer: Transferable[]
  readonly carrier: RingCarrier
  readonly #control = Control.allocate()
  readonly #stdin = Ring.allocate()
  readonly #stdout = Ring.allocate()
  readonly #stderr = Ring.allocate(STDERR_BYTES)
  readonly #spinner = new Spinner(SPIN_MS, SPIN_PAUSE)
  readonly #port: PagePort | undefined
  readonly #onStderr: (bytes: Uint8Array) => void
  #closed = false

  constructor({ onStderr, calls, broken }: LaneInit) {
    this.#onStderr = onStderr
    this.#port = calls && new PagePort((frame) => calls(guestFrame(frame)), broken)
    this.channel = {
      tier: 'rings',
      control: this.#control.buffer,
      stdin: this.#stdin.buffer,
      stdout: this.#stdout.buffer,
      stderr: this.#stderr.buffer,
      ...(this.#port && { port: this.#port.worker }),
    }
    this.transfer = this.#port ? [this.#port.worker] : []
    this.carrier = new RingCarrier(this.#stdout, this.#stdin, () => this.nudge())
    void this.#drainStderr()
  }

  start(method: number, again: boolean): void {
    if (!again) this.carrier.reset()
    this.#control.command(method)
  }

  get isDone(): boolean {
    return this.#control.isDone
  }

  result(): RunEnd {
    return this.#control.result()
  }

  spin(): void {
    this.#spinner.until(() => this.#control.isDone)
  }

  post(frame: CallFrame): void {
    this.#port?.post(frame)
  }

  nudge(): void {
    this.#stdin.nudge()
  }

  pause(): boolean {
    this.#control.pause()
    return true
  }

  take(extent: Extent): void {
    this.#control.take(extent)
  }

  close(): void {
    this.#closed = true
    this.#control.close()
    this.#port?.close()
    for (const ring of [this.#stdin, this.#stdout, this.#stderr]) ring.abort()
  }

  passStderr(): void {
    for (let chunk = this.#stderr.take(); chunk; chunk = this.#stderr.take()) this.#onStderr(chunk)
  }

  async #drainStderr(): Promise<void> {
    const breather = new Breather(HOLD_MS)
    while (!this.#closed) {
      const sequence = this.#stderr.readerSequence
      const chunk = this.#stderr.take()
      if (chunk) {
        this.#onStderr(chunk)
        await breather.breathe()
      } else await this.#stderr.readerChanged(sequence)
    }
  }
}
