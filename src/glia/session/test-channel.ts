import { TaskRunner } from '../wait/next-task.ts'
import type { SessionChannel } from './session.ts'

type Handlers = Parameters<SessionChannel['listen']>[0]

export interface TestChannelInit {
  /** Cuts sent bytes into the pieces that arrive. Left out: pieces arrive as they were sent. */
  cut?: (bytes: Uint8Array) => Iterable<Uint8Array>
  /** Bytes under way at which the channel is full. Left out: it never is. */
  capacityBytes?: number
}

/** One end of a channel in memory. Each task delivers the bytes of one send. */
export class TestChannel implements SessionChannel {
  /** Bytes sent so far, sends, and the most bytes that were ever under way. */
  sentBytes = 0
  sends = 0
  mostOnTheirWay = 0
  /** Why this end closed it; null if it did so without a reason. */
  closedWith: Error | null | undefined
  /** Whether nothing arrives that is sent: the other end is gone, and nobody has noticed. */
  cut = false
  readonly #init: TestChannelInit
  readonly #queue: Uint8Array[] = []
  readonly #deliver = new TaskRunner(() => this.#deliverNext())
  #onTheirWay = 0
  #full = false
  #handlers: Handlers | undefined
  #other: TestChannel | undefined

  constructor(init: TestChannelInit) {
    this.#init = init
  }

  connect(other: TestChannel): void {
    this.#other = other
  }

  listen(handlers: Handlers): void {
    this.#handlers = handlers
  }

  send(bytes: Uint8Array): boolean {
    if (this.closedWith !== undefined) throw new Error('The channel is closed.')
    if (bytes.length === 0) throw new Error('A send of nothing.')
    this.sends += 1
    this.sentBytes += bytes.length
    if (this.cut) return true
    this.#queue.push(bytes)
    this.#onTheirWay += bytes.length
    this.mostOnTheirWay = Math.max(this.mostOnTheirWay, this.#onTheirWay)
    this.#deliver.request()
    this.#full = this.#onTheirWay >= (this.#init.capacityBytes ?? Infinity)
    return !this.#full
  }

  close(reason?: Error): void {
    if (this.closedWith !== undefined) return
    this.closedWith = reason ?? null
    if (this.#queue.length === 0 || reason) this.#closeOther(reason)
  }

  #deliverNext(): void {
    const bytes = this.#queue.shift()
    if (!bytes) return
    this.#onTheirWay -= bytes.length
    for (const piece of this.#init.cut?.(bytes) ?? [bytes]) this.#other?.arrive(piece)
    if (this.#queue.length > 0) this.#deliver.request()
    else if (this.closedWith === null) this.#closeOther(undefined)
    if (this.#full && this.closedWith === undefined) {
      this.#full = false
      this.#handlers?.drain()
    }
  }

  arrive(piece: Uint8Array): void {
    if (this.closedWith === undefined) this.#handlers?.data(piece)
  }

  #closeOther(reason: Error | undefined): void {
    this.#queue.length = 0
    this.#deliver.stop()
    this.#other?.otherClosed(reason)
  }

  otherClosed(reason: Error | undefined): void {
    if (this.closedWith !== undefined) return
    this.#handlers?.closed(reason && new Error('The channel was reset.'))
  }
}

export function testChannels(init: TestChannelInit = {}): [TestChannel, TestChannel] {
  const near = new TestChannel(init)
  const far = new TestChannel(init)
  near.connect(far)
  far.connect(near)
  return [near, far]
}
