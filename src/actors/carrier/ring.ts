import { Spinner } from './spinner.ts'

/**
 * A byte ring on shared memory between one writer and one reader in different threads. The thread that may block uses
 * {@link readBlocking} and {@link writeBlocking}; the page uses {@link take}, {@link put} and the `…Changed` waits.
 *
 * Each side waits on a sequence word of its own, which the other side bumps on *every* change, ends included, and which
 * is loaded *before* looking at the ring: waiting on a byte counter alone would lose the end.
 */

/**
 * Bytes a ring holds: 256 KiB takes twice the time on bulk, for each side wakes the other more often. Only what is
 * written becomes memory, and each message begins at the front. A power of two, for the mask.
 */
export const RING_BYTES = 1024 * 1024

/** Time that a blocking read looks for bytes before it sleeps, in ms. */
const SPIN_MS = 0.05

const HEADER_BYTES = 64
/** Words of the header. The counters are totals that wrap at 32 bits, which a power-of-two capacity allows. */
const WRITTEN = 0
const READ = 1
const STATE = 2
/** Bumped for the reader: bytes came, or the end. */
const READER_SEQ = 3
/** Bumped for the writer: room came, or nobody reads any more. */
const WRITER_SEQ = 4
/** A number beside the bytes. */
const NOTE = 5
/** Whether the reader waits for more than this ring. */
const WATCHED = 6
/** Whether the reader sleeps until bytes come. */
const SLEEPING = 7

const OPEN = 0
/** The writer is done; what is in the ring is still to be read. */
const ENDED = 1
/** The reader wants no more. */
const READER_GONE = 2
/** Broken off: neither side goes on. */
const ABORTED = 3

/** What a read or write gives instead of a count when the ring was broken off or nobody reads. */
export const BROKEN = -1

/** Bytes of the memory of a ring that holds so many. */
export function ringBufferBytes(bytes: number): number {
  return HEADER_BYTES + bytes
}

export class Ring {
  readonly buffer: SharedArrayBuffer
  readonly #words: Int32Array<SharedArrayBuffer>
  readonly #bytes: Uint8Array<SharedArrayBuffer>
  readonly #mask: number
  readonly #spinner = new Spinner(SPIN_MS)

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer
    this.#words = new Int32Array(buffer, 0, HEADER_BYTES / 4)
    this.#bytes = new Uint8Array(buffer, HEADER_BYTES, buffer.byteLength - HEADER_BYTES)
    this.#mask = this.#bytes.length - 1
    if ((this.#bytes.length & this.#mask) !== 0) throw new RangeError('A ring holds a power of two of bytes.')
  }

  /**
   * The buffer may grow, though no ring does. Node takes other buffers from malloc, which keeps what is given back and clears
   * all of what it gives out again: a host grew by 1.7 MiB for each actor that came and went. One that may grow is a mapping.
   */
  static allocate(bytes = RING_BYTES): Ring {
    const size = ringBufferBytes(bytes)
    return new Ring(new SharedArrayBuffer(size, { maxByteLength: size }))
  }

  /** Bytes waiting to be read. */
  get available(): number {
    const count = (Atomics.load(this.#words, WRITTEN) - Atomics.load(this.#words, READ)) | 0
    // The other side's counters are not believed: what they say becomes the size of a buffer.
    return count < 0 ? 0 : Math.min(count, this.#bytes.length)
  }

  /** Bytes there is room for. */
  get room(): number {
    return this.#bytes.length - this.available
  }

  /** Load this before {@link take}, then give it to {@link readerChanged}. */
  get readerSequence(): number {
    return Atomics.load(this.#words, READER_SEQ)
  }

  /** Load this before {@link put}, then give it to {@link writerChanged}. */
  get writerSequence(): number {
    return Atomics.load(this.#words, WRITER_SEQ)
  }

  /** Makes the ring empty and open again. Only while neither side uses it. */
  reset(): void {
    this.#words[WRITTEN] = 0
    this.#words[READ] = 0
    this.#words[NOTE] = 0
    this.#words[SLEEPING] = 0
    Atomics.store(this.#words, STATE, OPEN)
  }

  /** Copies in as much of `source` as there is room for. @returns the bytes copied, or BROKEN. */
  put(source: Uint8Array): number {
    if (Atomics.load(this.#words, STATE) !== OPEN) return BROKEN
    const written = Atomics.load(this.#words, WRITTEN)
    const count = Math.min(this.#bytes.length - this.available, source.length)
    if (count === 0) return 0
    const at = written & this.#mask
    const before = Math.min(count, this.#bytes.length - at)
    this.#bytes.set(before === source.length ? source : source.subarray(0, before), at)
    if (count > before) this.#bytes.set(source.subarray(before, count), 0)
    Atomics.store(this.#words, WRITTEN, (written + count) | 0)
    this.#bump(READER_SEQ)
    return count
  }

  /** Copies out as much as there is, up to the size of `target`. @returns the bytes copied, or BROKEN. */
  takeInto(target: Uint8Array): number {
    if (this.broken) return BROKEN
    const read = Atomics.load(this.#words, READ)
    const count = Math.min(this.available, target.length)
    if (count === 0) return 0
    const at = read & this.#mask
    const before = Math.min(count, this.#bytes.length - at)
    target.set(this.#bytes.subarray(at, at + before), 0)
    if (count > before) target.set(this.#bytes.subarray(0, count - before), before)
    Atomics.store(this.#words, READ, (read + count) | 0)
    this.#bump(WRITER_SEQ)
    return count
  }

  /**
   * What is there now, as a copy; undefined when there is nothing.
   * @param into Room for the copy. Left out: a fresh array, of all that is there.
   */
  take(into?: Uint8Array): Uint8Array | undefined {
    if (this.available === 0 || this.broken) return undefined
    const target = into ?? new Uint8Array(this.available)
    // It may be broken off at this moment.
    const count = this.takeInto(target)
    return count > 0 ? target.subarray(0, count) : undefined
  }

  /** Whether the writer has ended and all was read, or the ring was broken off. */
  get finished(): boolean {
    return this.broken || (Atomics.load(this.#words, STATE) === ENDED && this.available === 0)
  }

  /** Whether the reader has read all that is there and waits for more, alone or among other things. */
  get awaited(): boolean {
    const waits = Atomics.load(this.#words, SLEEPING) !== 0 || Atomics.load(this.#words, WATCHED) !== 0
    return waits && this.available === 0
  }

  /** Whether nothing more will be written. What is there may be unread. */
  get ended(): boolean {
    return Atomics.load(this.#words, STATE) !== OPEN
  }

  /** Whether the ring was broken off, or nobody reads it. */
  get broken(): boolean {
    return Atomics.load(this.#words, STATE) >= READER_GONE
  }

  /** Whether its reader wants no more, which breaks nothing else off. */
  get cancelled(): boolean {
    return Atomics.load(this.#words, STATE) === READER_GONE
  }

  /** Whether the ring was broken off for both sides. */
  get aborted(): boolean {
    return Atomics.load(this.#words, STATE) === ABORTED
  }

  /** The writer is done: the reader gets what is there, then the end. */
  end(): void {
    Atomics.compareExchange(this.#words, STATE, OPEN, ENDED)
    this.#bump(READER_SEQ)
  }

  /** The reader wants no more: its reads and the writes give BROKEN. */
  cancel(): void {
    // Never in the place of an abort, which may come from the other thread at this moment.
    for (const state of [OPEN, ENDED]) Atomics.compareExchange(this.#words, STATE, state, READER_GONE)
    this.wake()
  }

  /** Breaks the ring off for both sides. */
  abort(): void {
    Atomics.store(this.#words, STATE, ABORTED)
    this.wake()
  }

  /** What the two sides agreed on, beside the bytes; 0 until it is set. */
  get note(): number {
    return Atomics.load(this.#words, NOTE)
  }

  setNote(note: number): void {
    Atomics.store(this.#words, NOTE, note)
    this.tell()
  }

  /** Makes the reader look again. */
  tell(): void {
    this.#bump(READER_SEQ)
  }

  /** Makes the writer look again. */
  tellWriter(): void {
    this.#bump(WRITER_SEQ)
  }

  /** Makes both sides look again. */
  wake(): void {
    this.#bump(READER_SEQ)
    this.#bump(WRITER_SEQ)
  }

  /** Waits, without blocking, until the writer changed something since `sequence` was loaded. */
  readerChanged(sequence: number): Promise<unknown> | undefined {
    return wait(this.#words, READER_SEQ, sequence)
  }

  /** Waits, without blocking, until the reader changed something since `sequence` was loaded. */
  writerChanged(sequence: number): Promise<unknown> | undefined {
    return wait(this.#words, WRITER_SEQ, sequence)
  }

  /**
   * Blocks until there are bytes, and takes them: at least one, as many as fit.
   * @returns bytes read; 0 at the end; BROKEN when broken off.
   */
  readBlocking(target: Uint8Array): number {
    for (;;) {
      const sequence = this.readerSequence
      const count = this.takeInto(target)
      if (count !== 0) return count
      // Looked at again: an abort that came meanwhile must not pass for the end of the message.
      if (this.finished) return this.broken ? BROKEN : 0
      if (!this.#spinner.until(() => this.readerSequence !== sequence)) this.#sleep(sequence)
    }
  }

  /** Blocks until all of `source` is in the ring. @returns its length, or BROKEN. */
  writeBlocking(source: Uint8Array): number {
    let done = 0
    while (done < source.length) {
      const sequence = this.writerSequence
      const count = this.put(done === 0 ? source : source.subarray(done))
      if (count === BROKEN) return BROKEN
      done += count
      if (count === 0) Atomics.wait(this.#words, WRITER_SEQ, sequence)
    }
    return source.length
  }

  /**
   * Blocks the reader until `isReady` says so, which is asked first and then at every change of this ring and every
   * {@link nudge}, or the time is over: so that one reader can wait for several rings.
   * @param timeoutMs Infinity: for ever.
   */
  waitUntil(isReady: () => boolean, timeoutMs: number): void {
    const until = performance.now() + timeoutMs
    Atomics.store(this.#words, WATCHED, 1)
    try {
      for (;;) {
        const sequence = this.readerSequence
        const left = until - performance.now()
        if (isReady() || left <= 0) return
        Atomics.wait(this.#words, READER_SEQ, sequence, left)
      }
    } finally {
      Atomics.store(this.#words, WATCHED, 0)
    }
  }

  /** Has a reader look again that is in {@link waitUntil}. Call it after the change that it may wait for. */
  nudge(): void {
    if (Atomics.load(this.#words, WATCHED) !== 0) this.#bump(READER_SEQ)
  }

  #sleep(sequence: number): void {
    Atomics.store(this.#words, SLEEPING, 1)
    Atomics.wait(this.#words, READER_SEQ, sequence)
    Atomics.store(this.#words, SLEEPING, 0)
  }

  #bump(word: number): void {
    Atomics.add(this.#words, word, 1)
    Atomics.notify(this.#words, word)
  }
}

/** undefined: it has changed already. */
function wait(words: Int32Array<SharedArrayBuffer>, word: number, value: number): Promise<unknown> | undefined {
  const result = Atomics.waitAsync(words, word, value)
  return result.async ? result.value : undefined
}
