import { encodeEvent, type RecordedEvent } from '../../../src/actors/recording/events.ts'
import { FULL_LOG, MAX_LOG_BYTES, SHARED_HEAD_BYTES, type SharedLog } from '../../../src/actors/recording/recording.ts'

const FIRST_BYTES = 4096

/**
 * The events of one message, as a sequence of CBOR items. They are in shared memory where the browser has it, so that the
 * page can read them after it has ended this worker.
 */
export class EventLog {
  count = 0
  readonly shared: SharedLog | undefined = sharedLog()
  /** The length for the page. */
  readonly #told = this.shared && new Int32Array(this.shared, 0, 1)
  #bytes = this.shared ? new Uint8Array(this.shared, SHARED_HEAD_BYTES) : new Uint8Array(FIRST_BYTES)
  #length = 0
  #isFull = false

  add(event: RecordedEvent): void {
    if (this.#isFull) return
    // Before it is copied once more.
    const bytes = (event.input?.length ?? 0) + (event.output?.length ?? 0)
    const item = this.#length + bytes > MAX_LOG_BYTES ? undefined : encodeEvent(event)
    if (!item || this.#length + item.length > MAX_LOG_BYTES) {
      this.#isFull = true
      this.#tell(FULL_LOG)
      this.#bytes = new Uint8Array()
      return
    }
    this.#reserve(this.#length + item.length)
    this.#bytes.set(item, this.#length)
    this.#length += item.length
    this.count += 1
    this.#tell(this.#length)
  }

  /** The log; undefined if it was too long. */
  get bytes(): Uint8Array<ArrayBuffer> | undefined {
    return this.#isFull ? undefined : new Uint8Array(this.#bytes.subarray(0, this.#length))
  }

  #tell(length: number): void {
    if (this.#told) Atomics.store(this.#told, 0, length)
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return
    const larger = Math.min(Math.max(this.#bytes.length * 2, length), MAX_LOG_BYTES)
    if (this.shared) {
      // The bytes follow its length.
      this.shared.grow(SHARED_HEAD_BYTES + larger)
    } else {
      const bytes = new Uint8Array(larger)
      bytes.set(this.#bytes)
      this.#bytes = bytes
    }
  }
}

/** Undefined where memory cannot be shared, or does not grow. */
function sharedLog(): SharedLog | undefined {
  if (!('SharedArrayBuffer' in globalThis) || !('grow' in SharedArrayBuffer.prototype)) return undefined
  return new SharedArrayBuffer(SHARED_HEAD_BYTES + FIRST_BYTES, { maxByteLength: SHARED_HEAD_BYTES + MAX_LOG_BYTES })
}
