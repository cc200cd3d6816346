import { type CallFrame, type FrameOfWorker, guestFrame, refuse } from '../carrier/frames.ts'
import { PagePort } from '../carrier/page-port.ts'
import { PortCarrier } from '../carrier/port-carrier.ts'
import type { RunEnd } from './control.ts'
import type { LaneInit, Wire } from './lane.ts'
import { type Channel, type TierName, windowsOf } from './worker-api.ts'

/** All as messages on one port, for pages without shared memory: the bytes with credit. */
export class PortWire implements Wire {
  readonly channel: Channel & { port: MessagePort }
  readonly transfer: Transferable[]
  readonly carrier: PortCarrier
  readonly #init: LaneInit
  readonly #port: PagePort
  #end: RunEnd | undefined

  constructor(tier: Exclude<TierName, 'rings'>, init: LaneInit) {
    this.#init = init
    this.#port = new PagePort((frame) => this.#receive(frame), init.broken)
    const { message, reply } = windowsOf(tier)
    this.carrier = new PortCarrier({ id: 0, post: this.#port.post, sendsBytes: message, takesBytes: reply })
    this.channel = { tier, port: this.#port.worker }
    this.transfer = [this.#port.worker]
  }

  start(method: number, again: boolean): void {
    this.#end = undefined
    if (!again) this.carrier.reset()
    this.#port.post({ type: 'run', method, again })
  }

  get isDone(): boolean {
    return this.#end !== undefined
  }

  result(): RunEnd {
    if (!this.#end) throw new RangeError('The message has not ended.')
    return this.#end
  }

  post(frame: CallFrame): void {
    this.#port.post(frame)
  }

  /** Nothing to do: each change comes as a message to the worker, which looks then. */
  nudge(): void {}

  pause(): boolean {
    return false
  }

  close(): void {
    this.#port.close()
  }

  #receive(frame: FrameOfWorker): void {
    switch (frame.type) {
      case 'log':
        return this.#init.onStderr(frame.bytes)
      case 'done':
        this.#end = frame
        return this.carrier.wake()
      default:
        if (frame.id === 0 && frame.type !== 'open') return this.carrier.receive(frame)
        if (!this.#init.calls) refuse(frame)
        this.#init.calls(guestFrame(frame))
    }
  }
}
