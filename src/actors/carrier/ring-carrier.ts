import type { Carrier } from './carrier.ts'
import { Ring, ringBufferBytes } from './ring.ts'

/**
 * Bytes that each ring of a call by a guest holds. Such calls are many and short. Measured: bulk is a third slower than
 * with the 256 KiB of a message.
 */
export const CALL_RING_BYTES = 64 * 1024

/**
 * {@link Ring.note} of the ring that the guest reads tells the state of a call that it opened. The worker may look
 * late, so a failure before the page took the call differs from a later one: -1 is a call that was taken, an errno
 * above 0 is a call that failed before, and -1 minus an errno is one that failed afterwards. A reply can also end with
 * the last: reads give the errno behind its last byte.
 */
const NOTE_TAKEN = -1

/** One end of a call over a pair of rings. */
export class RingCarrier implements Carrier {
  /** The ring that this side reads. */
  readonly in: Ring
  /** The ring that this side writes. */
  readonly out: Ring
  readonly #nudge: () => void
  /** The sequences before the last look. */
  #taken = 0
  #put = 0

  /**
   * @param nudge Makes a guest look again that waits for several things at once (poll_oneoff). Left out: nothing, as in
   * the worker.
   */
  constructor(source: Ring, sink: Ring, nudge: () => void = () => undefined) {
    this.in = source
    this.out = sink
    this.#nudge = nudge
  }

  /** A new call begins. Only while the other side uses neither ring. */
  reset(): void {
    this.in.reset()
    this.out.reset()
  }

  take(into?: Uint8Array): Uint8Array | undefined {
    this.#taken = this.in.readerSequence
    const chunk = this.in.take(into)
    // The guest may wait for room and other things.
    if (chunk) this.#nudge()
    return chunk
  }

  takeInto(target: Uint8Array): number {
    return this.in.takeInto(target)
  }

  get available(): number {
    return this.in.broken ? 0 : this.in.available
  }

  get readable(): boolean {
    return this.in.available > 0 || this.in.finished
  }

  get ended(): boolean {
    return this.in.ended && !this.in.aborted
  }

  get finished(): boolean {
    return this.in.finished && !this.in.broken
  }

  arrival(): Promise<unknown> | undefined {
    return this.in.readerChanged(this.#taken)
  }

  stop(): void {
    this.in.cancel()
    // The other side may be waiting for bytes. It would notice only with its next write.
    this.out.tell()
    this.#nudge()
  }

  put(source: Uint8Array): number {
    this.#put = this.out.writerSequence
    const count = this.out.put(source)
    if (count > 0) this.#nudge()
    return count
  }

  get room(): number {
    return this.out.ended ? 0 : this.out.room
  }

  get closed(): boolean {
    return this.out.ended
  }

  get stopped(): boolean {
    return this.out.cancelled
  }

  get awaited(): boolean {
    return this.out.awaited
  }

  roomCame(): Promise<unknown> | undefined {
    return this.out.writerChanged(this.#put)
  }

  end(errno = 0): void {
    // The note goes first, because the guest looks at it when it finds the end. The call counts as taken, even if the
    // guest has not noticed yet.
    if (errno > 0) this.#note(errno, NOTE_TAKEN)
    this.out.end()
    this.#nudge()
  }

  accept(): void {
    if (this.out.note === 0) this.out.setNote(NOTE_TAKEN)
  }

  get answer(): number | undefined {
    const { note } = this.in
    return note === 0 ? undefined : Math.max(0, note)
  }

  fail(errno = 0): void {
    if (errno > 0) this.#note(errno, this.out.note)
    // The ring that the guest reads goes first: a guest whose writes break off looks there.
    this.out.abort()
    this.in.abort()
    this.#nudge()
  }

  get failed(): boolean {
    return this.in.aborted
  }

  get errno(): number {
    return this.in.aborted ? this.endErrno : 0
  }

  get endErrno(): number {
    const { note } = this.in
    return note > 0 ? note : Math.max(0, NOTE_TAKEN - note)
  }

  wake(): void {
    this.in.tell()
    this.out.tellWriter()
  }

  /** The first failure stays. */
  #note(errno: number, before: number): void {
    const { note } = this.out
    if (note === 0 || note === NOTE_TAKEN) this.out.setNote(before === NOTE_TAKEN ? NOTE_TAKEN - errno : errno)
  }
}

/** Whether it is a buffer of exactly the size of a call's ring, which stays so. */
export function isCallRing(value: unknown): value is SharedArrayBuffer {
  if (!(value instanceof SharedArrayBuffer) || value.byteLength !== ringBufferBytes(CALL_RING_BYTES)) return false
  return !value.growable || value.maxByteLength === value.byteLength
}
