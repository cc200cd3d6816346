import { MAX_UNHELD_BYTES, MAX_UNHELD_STREAM_BYTES } from '../limits.ts'

let held = 0

/**
 * Unread bytes of one stream whose sender nothing can hold: a reader cannot slow the data channels of WebRTC down. All
 * such streams share {@link MAX_UNHELD_BYTES}, because they share the memory of the page.
 */
export class Unheld {
  #bytes = 0

  /** @returns false if there is no room for so many more bytes. */
  add(bytes: number): boolean {
    if (this.#bytes + bytes > MAX_UNHELD_STREAM_BYTES || held + bytes > MAX_UNHELD_BYTES) return false
    this.#bytes += bytes
    held += bytes
    return true
  }

  /** Call it when so many bytes were read or dropped. */
  remove(bytes: number): void {
    this.#bytes -= bytes
    held -= bytes
  }

  clear(): void {
    this.remove(this.#bytes)
  }
}
