import { type FrameOfPage, type FrameOfWorker, postFrame, readFrameOfPage } from '../../../src/actors/carrier/frames.ts'
import { PortCarrier, type PortCarrierInit } from '../../../src/actors/carrier/port-carrier.ts'
import { GatheredWrites } from './gathered-writes.ts'

/** Longest time of a timer. A longer one would end at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** An open call of the port. */
interface OpenCall {
  carrier: PortCarrier
  written: GatheredWrites
}

/** The worker's end of the port: the frames of its calls, and the waits of the guest. */
export class GuestPort {
  /** Whether the guest can be suspended (JSPI). */
  readonly suspends: boolean
  readonly #port: MessagePort
  readonly #calls = new Map<number, OpenCall>()
  readonly #log = new GatheredWrites((bytes) => postFrame(this.#port, { type: 'log', bytes }))
  #waiters: (() => void)[] = []
  /** Gets the frame that starts a method. */
  onRun: (frame: Extract<FrameOfPage, { type: 'run' }>) => void = () => undefined

  constructor(port: MessagePort, suspends: boolean) {
    this.#port = port
    this.suspends = suspends
    port.onmessage = ({ data }: MessageEvent) => {
      const frame = readFrameOfPage(data)
      if (frame.type === 'run') this.onRun(frame)
      else this.#calls.get(frame.id)?.carrier.receive(frame)
      this.nudge()
    }
  }

  /** Opens a call. */
  open(id: number, windows: Pick<PortCarrierInit, 'takesBytes' | 'sendsBytes'>): PortCarrier {
    const written = new GatheredWrites((bytes) => postFrame(this.#port, { type: 'data', id, bytes }))
    const send = (bytes: Uint8Array): void => written.write(bytes)
    const carrier = new PortCarrier({ ...windows, id, send, post: this.post })
    this.#calls.set(id, { carrier, written })
    return carrier
  }

  forget(id: number): void {
    this.#calls.delete(id)
  }

  /** Posts a frame behind everything that the guest has written. Only credit does not wait for that. */
  readonly post = (frame: FrameOfWorker): void => {
    if (frame.type !== 'credit') this.flush()
    postFrame(this.#port, frame)
  }

  log(bytes: Uint8Array): void {
    this.#log.write(bytes)
  }

  /** Passes on gathered writes: the guest waits, or the message has ended. */
  flush(): void {
    for (const { written } of this.#calls.values()) written.flush()
    this.#log.flush()
  }

  /** Suspends until `isReady` says so, or the time is over. */
  async until(isReady: () => boolean, timeoutMs = Infinity): Promise<void> {
    this.flush()
    const until = performance.now() + timeoutMs
    while (!isReady()) {
      const left = until - performance.now()
      if (left <= 0) return
      // oxlint-disable-next-line no-await-in-loop -- at every change
      await this.#changeWithin(left)
    }
  }

  /** Makes each waiter look again. */
  nudge(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }

  async #changeWithin(timeMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined
    await new Promise<void>((resolve) => {
      this.#waiters.push(resolve)
      if (timeMs < Infinity) timer = setTimeout(resolve, Math.min(timeMs, MAX_TIMER_MS))
    })
    clearTimeout(timer)
  }
}
