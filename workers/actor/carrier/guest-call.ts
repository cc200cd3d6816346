import { wasi } from '@bjorn3/browser_wasi_shim'
import type { Carrier } from '../../../src/actors/carrier/carrier.ts'
import { BROKEN } from '../../../src/actors/carrier/ring.ts'
import type { RingCarrier } from '../../../src/actors/carrier/ring-carrier.ts'
import type { GuestPort } from './guest-port.ts'

/** A count, or a promise of it where the guest can be suspended. Below 0 it is a negated errno. */
export type Counted = number | Promise<number>

/** A call as its guest reads and writes it: the message that it handles, or a call that it makes. */
export abstract class GuestCall {
  protected readonly carrier: Carrier
  readonly #onClose: () => void
  #closed = false

  /** @param onClose Called once, when the guest closes the call. */
  constructor(carrier: Carrier, onClose: () => void = () => undefined) {
    this.carrier = carrier
    this.#onClose = onClose
  }

  /** Takes bytes into `target` (never empty), at least one. @returns their count, or 0 at the end. */
  abstract read(target: Uint8Array): Counted
  /** Sends all of `source`, a view of guest memory. @returns its length. */
  abstract write(source: Uint8Array): Counted

  /** As read, without waiting: -EAGAIN if there is nothing yet. */
  readNow(target: Uint8Array): number {
    // Asked before the take, so that bytes from just before the end are not missed.
    const { ended } = this.carrier
    const count = this.carrier.takeInto(target)
    return count === 0 && !ended ? -wasi.ERRNO_AGAIN : this.hasRead(count)
  }

  /** Sends as much as there is room for, without waiting: -EAGAIN if there is none. */
  writeNow(source: Uint8Array): number {
    return this.hasWritten(this.carrier.put(source)) || -wasi.ERRNO_AGAIN
  }

  /** The guest refuses more bytes: writes of the other side fail. The guest may still write. */
  stop(): void {
    this.carrier.stop()
  }

  /** The guest has written all. */
  end(): void {
    this.carrier.end()
  }

  /** The guest closes the call: its rest is cancelled. Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.carrier.fail()
    this.#onClose()
  }

  /** Whether a read would not wait. */
  get readable(): boolean {
    return this.carrier.readable
  }

  /** Bytes that a read would give now. */
  get available(): number {
    return this.carrier.available
  }

  /** Whether a write would not wait. */
  get writable(): boolean {
    return this.carrier.closed || this.carrier.room > 0
  }

  /** Bytes that a write would take now. */
  get room(): number {
    return this.carrier.room
  }

  /** Whether the call is over: reads and writes fail. */
  get failed(): boolean {
    return this.carrier.failed
  }

  /** @param count The result of a read. After 0, which is the end, there may be an errno. */
  protected hasRead(count: number): number {
    if (count === 0) return 0 - this.carrier.endErrno
    return count === BROKEN ? this.#failure(wasi.ERRNO_CANCELED) : count
  }

  protected hasWritten(count: number): number {
    return count === BROKEN ? this.#failure(wasi.ERRNO_PIPE) : count
  }

  /** The call has failed, perhaps with an errno of its own, or the other side has ended this direction. */
  #failure(gone: number): number {
    const { errno } = this.carrier
    // EAGAIN would mean that nothing has arrived yet, and a guest that polls would come again at once, for ever.
    if (errno === wasi.ERRNO_AGAIN) return -wasi.ERRNO_BUSY
    return -(errno || gone)
  }
}

/** The operations of a guest on a call. */
export type Call = Pick<GuestCall, keyof GuestCall>

/** Stands for the message when there is none: reads find the end, writes go nowhere. */
export const NO_CALL: Call = {
  read: () => 0,
  write: ({ length }) => length,
  readNow: () => 0,
  writeNow: ({ length }) => length,
  stop: () => undefined,
  end: () => undefined,
  close: () => undefined,
  readable: true,
  available: 0,
  writable: true,
  room: Number.MAX_SAFE_INTEGER,
  failed: false,
}

/** A call over rings. Waiting blocks the guest's thread. */
export class BlockingCall extends GuestCall {
  readonly #rings: RingCarrier

  constructor(carrier: RingCarrier, onClose?: () => void) {
    super(carrier, onClose)
    this.#rings = carrier
  }

  read(target: Uint8Array): number {
    return this.hasRead(this.#rings.in.readBlocking(target))
  }

  write(source: Uint8Array): number {
    return this.hasWritten(this.#rings.out.writeBlocking(source))
  }
}

/** A call over the port. Waiting suspends the guest (JSPI). The buffered tier never waits: writes without room fail. */
export class PortCall extends GuestCall {
  readonly #port: GuestPort

  constructor(carrier: Carrier, port: GuestPort, onClose?: () => void) {
    super(carrier, onClose)
    this.#port = port
  }

  read(target: Uint8Array): Counted {
    return this.readable || !this.#port.suspends ? this.readNow(target) : this.#readLater(target)
  }

  write(source: Uint8Array): Counted {
    const count = this.writeNow(source)
    if (count === source.length || (count < 0 && count !== -wasi.ERRNO_AGAIN)) return count
    return this.#port.suspends ? this.#writeLater(source, Math.max(0, count)) : -wasi.ERRNO_PIPE
  }

  async #readLater(target: Uint8Array): Promise<number> {
    await this.#port.until(() => this.readable)
    return this.readNow(target)
  }

  async #writeLater(source: Uint8Array, sent: number): Promise<number> {
    let done = sent
    while (done < source.length) {
      // oxlint-disable-next-line no-await-in-loop -- until there is room
      await this.#port.until(() => this.writable)
      const count = this.writeNow(source.subarray(done))
      if (count < 0) return count
      done += count
    }
    return done
  }
}
