import type { Carrier } from './carrier.ts'
import { type CallFrame, WINDOW_BYTES } from './frames.ts'
import { BROKEN } from './ring.ts'

/** Credit for taken bytes is given in steps of so many, and when all are taken. */
const CREDIT_STEP_BYTES = 64 * 1024

export interface PortCarrierInit {
  id: number
  post(frame: CallFrame): void
  /** Sends a copy of bytes. Left out: at once. */
  send?: (bytes: Uint8Array) => void
  /** Bytes that may arrive before credit is given. Infinity: no credit is needed. Left out: {@link WINDOW_BYTES}. */
  takesBytes?: number
  /** Bytes that may be sent before credit arrives. Left out: {@link WINDOW_BYTES}. */
  sendsBytes?: number
}

/** One end of a call over a port, where there is no shared memory. */
export class PortCarrier implements Carrier {
  readonly #init: Required<PortCarrierInit>
  #queue: Uint8Array[] = []
  #available = 0
  /** Bytes that may arrive, and taken bytes for which no credit is given yet. */
  #window = 0
  #owed = 0
  /** Bytes that may be sent. */
  #credit = 0
  #ended = false
  #endErrno = 0
  /** This side takes no more, or sends no more. */
  #stoppedHere = false
  #endedHere = false
  #stopped = false
  #failed = false
  #failedHere = false
  #errno = 0
  #answer: number | undefined
  #changed = Promise.withResolvers<void>()

  constructor(init: PortCarrierInit) {
    const { id, post } = init
    const send = (source: Uint8Array): void => post({ type: 'data', id, bytes: source.slice() })
    this.#init = { send, takesBytes: WINDOW_BYTES, sendsBytes: WINDOW_BYTES, ...init }
    this.reset()
  }

  /** A new call begins under the same number. */
  reset(): void {
    this.#queue = []
    this.#available = this.#owed = this.#errno = this.#endErrno = 0
    this.#window = this.#init.takesBytes
    this.#credit = this.#init.sendsBytes
    this.#ended = this.#stopped = this.#failed = false
    this.#stoppedHere = this.#endedHere = this.#failedHere = false
    this.wake()
  }

  /** Takes a frame of the other side. @throws {TypeError} if it sends more bytes than it may. */
  receive(frame: CallFrame): void {
    switch (frame.type) {
      case 'data':
        this.#receive(frame.bytes)
        break
      case 'credit':
        this.#credit += frame.bytes
        this.#answer ??= 0
        break
      case 'stop':
        this.#stopped = true
        break
      case 'end':
        this.#ended = true
        this.#endErrno = frame.errno
        break
      case 'fail':
        this.#answer ??= frame.errno
        this.#break(frame.errno)
    }
    this.wake()
  }

  take(): Uint8Array | undefined {
    const chunk = this.#queue.shift()
    if (chunk) this.#took(chunk.length)
    return chunk
  }

  takeInto(target: Uint8Array): number {
    if (this.#failed || this.#stoppedHere) return BROKEN
    const [head] = this.#queue
    if (!head) return 0
    const count = Math.min(head.length, target.length)
    target.set(count === head.length ? head : head.subarray(0, count))
    if (count === head.length) this.#queue.shift()
    else this.#queue[0] = head.subarray(count)
    this.#took(count)
    return count
  }

  get available(): number {
    return this.#available
  }

  get readable(): boolean {
    return this.#failed || this.#stoppedHere || this.#ended || this.#queue.length > 0
  }

  get ended(): boolean {
    return this.#ended && !this.#failed
  }

  get finished(): boolean {
    return this.ended && this.#queue.length === 0
  }

  arrival(): Promise<void> {
    return this.#changed.promise
  }

  stop(): void {
    if (this.#stoppedHere || this.#failed) return
    this.#stoppedHere = true
    this.#drop()
    this.#post({ type: 'stop', id: this.#init.id })
  }

  put(source: Uint8Array): number {
    if (this.closed) return BROKEN
    const count = Math.min(source.length, this.#credit)
    if (count === 0) return 0
    this.#credit -= count
    this.#init.send(count === source.length ? source : source.subarray(0, count))
    return count
  }

  get room(): number {
    return this.closed ? 0 : this.#credit
  }

  get closed(): boolean {
    return this.#failed || this.#stopped || this.#endedHere
  }

  get stopped(): boolean {
    return this.#stopped
  }

  /** The other side has taken all bytes. Whether it computes before it reads on is not known here. */
  get awaited(): boolean {
    return this.#credit >= this.#init.sendsBytes
  }

  roomCame(): Promise<void> {
    return this.#changed.promise
  }

  end(errno = 0): void {
    if (this.#endedHere || this.#failed) return
    this.#endedHere = true
    this.#post({ type: 'end', id: this.#init.id, errno })
  }

  accept(): void {
    if (!this.#failed) this.#post({ type: 'credit', id: this.#init.id, bytes: WINDOW_BYTES })
  }

  get answer(): number | undefined {
    return this.#answer
  }

  fail(errno = 0): void {
    if (this.#failedHere) return
    this.#failedHere = true
    if (!this.#failed) this.#break(errno)
    this.#post({ type: 'fail', id: this.#init.id, errno })
  }

  get failed(): boolean {
    return this.#failed
  }

  get errno(): number {
    return this.#errno
  }

  get endErrno(): number {
    return this.#endErrno
  }

  wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  #receive(bytes: Uint8Array): void {
    this.#window -= bytes.length
    if (this.#window < 0) throw new TypeError(`More bytes of call ${this.#init.id} came than it has credit for.`)
    if (this.#failed || this.#stoppedHere || bytes.length === 0) return
    this.#queue.push(bytes)
    this.#available += bytes.length
  }

  #took(count: number): void {
    this.#available -= count
    this.#owed += count
    if (this.#window === Infinity) return
    if (this.#owed < CREDIT_STEP_BYTES && this.#queue.length > 0) return
    this.#window += this.#owed
    this.#init.post({ type: 'credit', id: this.#init.id, bytes: this.#owed })
    this.#owed = 0
  }

  #break(errno: number): void {
    this.#failed = true
    this.#errno = errno
    this.#drop()
  }

  #drop(): void {
    this.#queue = []
    this.#available = 0
  }

  #post(frame: CallFrame): void {
    this.#init.post(frame)
    this.wake()
  }
}
