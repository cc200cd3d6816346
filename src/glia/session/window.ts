/** Least value of `maxBytes`. */
const LEAST_MAX_BYTES = 32 * 1024

/** Least window of bulk alone. On a busy machine threads are late, which looks like a queue. A smaller window would leave the way idle. */
const ALONE_BYTES = 64 * 1024
/** Least window beside small calls. A receiver acknowledges so many bytes at the latest: with less a sender could wait for ever. */
const BESIDE_BYTES = 16 * 1024
/** Time that bytes of bulk alone may wait in queues, in ms. On a long way, a part of the round trip. */
const ALONE_MS = 6
/** The same beside small calls, which wait as long. */
const BESIDE_MS = 4
/** How long a small call counts, in ms: the next ones may follow. */
const COMPANY_MS = 500
const TARGET_PART = 1 / 4
/** The fastest of so many round trips counts, because the thread of a page is late now and then. */
const SAMPLES = 8
/** How long the fastest round trip counts as that of the empty way, in ms. The way may change. */
const BASE_AGE_MS = 10_000
/** Part of the acknowledged bytes by which the window changes at most. */
const STEP = 1 / 4

interface Sent {
  /** Bytes sent up to here, since the session began. */
  upTo: number
  at: number
}

/**
 * How many bytes a sender may have on their way. It grows while the bytes find no queue, and shrinks when they wait in one,
 * as in LEDBAT (RFC 6817): the time from a send to its acknowledgement, less the shortest such time, is the time in queues.
 */
export class Window {
  #bytes: number
  readonly #maxBytes: number
  readonly #now: () => number
  readonly #sent: Sent[] = []
  #putBytes = 0
  #acknowledgedBytes = 0
  #samples: number[] = []
  /** The fastest round trip of this period of BASE_AGE_MS, and of the one before. */
  #base = Infinity
  #formerBase = Infinity
  #baseSince = -Infinity
  /** Whether the sender has wanted to send more than the window. */
  #wasFull = false
  #companyUntil = -Infinity
  /** Whether no queue was seen yet: then the window may double with each round trip. */
  #isOpening = true

  /** @param maxBytes Most bytes on their way, whatever the delay. */
  constructor(maxBytes: number, now = () => performance.now()) {
    this.#maxBytes = Math.max(maxBytes, LEAST_MAX_BYTES)
    this.#bytes = Math.min(ALONE_BYTES, this.#maxBytes)
    this.#now = now
  }

  /** Bytes that are sent and not acknowledged. */
  get onTheirWay(): number {
    return this.#putBytes - this.#acknowledgedBytes
  }

  /** Whether more bytes may be sent now. `extraBytes` may go beyond the window. Call it only with bytes to send. */
  admits(extraBytes = 0): boolean {
    if (this.onTheirWay >= this.#bytes) this.#wasFull = true
    return this.onTheirWay < Math.min(this.#bytes + extraBytes, this.#maxBytes)
  }

  /** A small call was sent: until some time later, bulk leaves more room. */
  company(): void {
    this.#companyUntil = this.#now() + COMPANY_MS
  }

  /** Bytes were put into a batch. */
  put(bytes: number): void {
    this.#putBytes += bytes
  }

  /** The batch was sent. */
  sent(): void {
    if (this.#sent.at(-1)?.upTo !== this.#putBytes) this.#sent.push({ upTo: this.#putBytes, at: this.#now() })
  }

  /** @returns false if so many bytes were not under way. */
  acknowledged(bytes: number): boolean {
    if (bytes > this.onTheirWay) return false
    this.#acknowledgedBytes += bytes
    let newest: Sent | undefined
    while (this.#sent[0] && this.#sent[0].upTo <= this.#acknowledgedBytes) newest = this.#sent.shift()
    if (newest) this.#adapt(bytes, this.#now() - newest.at)
    return true
  }

  #adapt(bytes: number, roundTripMs: number): void {
    this.#noteBase(roundTripMs)
    this.#samples = [...this.#samples.slice(1 - SAMPLES), roundTripMs]
    const base = Math.min(this.#base, this.#formerBase)
    const queueMs = Math.min(...this.#samples) - base
    const isAlone = this.#now() > this.#companyUntil
    const targetMs = Math.max(isAlone ? ALONE_MS : BESIDE_MS, base * TARGET_PART)
    if (queueMs > targetMs) this.#isOpening = false
    else if (!this.#wasFull) return
    this.#wasFull = false
    const room = Math.max(-1, (targetMs - queueMs) / targetMs)
    const step = bytes * (this.#isOpening ? 1 : STEP * room)
    this.#bytes = Math.min(this.#maxBytes, Math.max(isAlone ? ALONE_BYTES : BESIDE_BYTES, this.#bytes + step))
  }

  #noteBase(roundTripMs: number): void {
    const now = this.#now()
    if (now - this.#baseSince > BASE_AGE_MS) {
      this.#formerBase = this.#base
      this.#base = Infinity
      this.#baseSince = now
    }
    this.#base = Math.min(this.#base, roundTripMs)
  }
}
