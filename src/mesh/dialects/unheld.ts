import { MAX_UNHELD_BYTES, MAX_UNHELD_STREAM_BYTES } from '../limits.ts'

let held = 0

/**
 * What waits to be read on one stream whose sender nothing can hold: a reader has no say in the flow of WebRTC's data channels.
 * All of these streams share {@link MAX_UNHELD_BYTES}, because they share the memory of the page.
 */
export class Unheld {
  #bytes = 0

  /** @returns false if there is no room for so many bytes more. */
  add(bytes: number): boolean {
    if (this.#bytes + bytes > MAX_UNHELD_STREAM_BYTES || held + bytes > MAX_UNHELD_BYTES) return false
    this.#bytes += bytes
    held += bytes
    return true
  }

  /** So many bytes were read, or dropped. */
  remove(bytes: number): void {
    this.#bytes -= bytes
    held -= bytes
  }

  clear(): void {
    this.remove(this.#bytes)
  }
}
