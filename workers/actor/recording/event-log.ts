import { encodeEvent, type RecordedEvent } from '../../../src/actors/recording/events.ts'
import { MAX_LOG_BYTES } from '../../../src/actors/recording/recording.ts'

/** The events of one message, as a sequence of CBOR items. */
export class EventLog {
  count = 0
  #bytes = new Uint8Array(4096)
  #length = 0
  #isFull = false

  add(event: RecordedEvent): void {
    if (this.#isFull) return
    // Before it is copied once more.
    const bytes = (event.input?.length ?? 0) + (event.output?.length ?? 0)
    const item = this.#length + bytes > MAX_LOG_BYTES ? undefined : encodeEvent(event)
    if (!item || this.#length + item.length > MAX_LOG_BYTES) {
      this.#isFull = true
      this.#bytes = new Uint8Array()
      return
    }
    this.#reserve(item.length)
    this.#bytes.set(item, this.#length)
    this.#length += item.length
    this.count += 1
  }

  /** The log; undefined if it was too long. */
  get bytes(): Uint8Array<ArrayBuffer> | undefined {
    return this.#isFull ? undefined : this.#bytes.slice(0, this.#length)
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more))
    larger.set(this.#bytes)
    this.#bytes = larger
  }
}
