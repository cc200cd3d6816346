import type { Carrier } from './carrier.ts'
import { Ring, ringBufferBytes } from './ring.ts'

/** Bytes that each ring of a guest's own call holds: calls are many and short, and a third slower on bulk than with more (FACTS 2.2). */
export const CALL_RING_BYTES = 64 * 1024

/**
 * {@link Ring.note} of the ring that the guest reads: how a call stands that it opened. The worker may look at it late, so a
 * failure after the call was taken does not read like one before: -1 is taken, an errno is a call that failed before that, and less
 * than -1 is {@link noteOfFailure} of a later one. With the latter a reply can also end: reads then give the errno behind its last byte.
 */
const NOTE_TAKEN = -1

/** One end of a call over a pair of rings. */
export class RingCarrier implements Carrier {
  /** What this side reads. */
  readonly in: Ring
  /** What this side writes. */
  readonly out: Ring
  readonly #nudge: () => void
  /** What the sequences were before the last look. */
  #taken = 0
  #put = 0

  /** @param nudge Has a guest look again that waits for several things at once (poll_oneoff). In the worker: nothing to do. */
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
    // The guest may wait for room beside other things.
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
    // The other side may wait for bytes, and its writer hears of it only with more of them in its hands.
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
    // The note first: the guest looks at it when it has found the end. The call was taken, also if the guest has not heard of that yet.
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
    // What the guest reads first: one that finds its writes broken off looks at it.
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

/** Of exactly the size agreed on, now and later. */
export function isCallRing(value: unknown): value is SharedArrayBuffer {
  return value instanceof SharedArrayBuffer && !value.growable && value.byteLength === ringBufferBytes(CALL_RING_BYTES)
}
