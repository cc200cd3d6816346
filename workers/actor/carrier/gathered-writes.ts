/**
 * Writes that are passed on at once, in a second. Each is a task of the page, and a guest that writes byte by byte
 * would keep the page busy for minutes. So faster writes are gathered.
 */
const PROMPT_WRITES = 1000
const PROMPT_MS = 1000
/** Most bytes that are gathered. */
const GATHERED_BYTES = 16 * 1024

/** Passes the writes of a guest on to the page, and gathers them when there are too many. */
export class GatheredWrites {
  readonly #pass: (bytes: Uint8Array<ArrayBuffer>) => void
  /** Most calls write little, and need none. */
  #gathered: Uint8Array<ArrayBuffer> | undefined
  #length = 0
  #since = -Infinity
  #promptLeft = 0

  /** @param pass Gets a copy of the bytes. */
  constructor(pass: (bytes: Uint8Array<ArrayBuffer>) => void) {
    this.#pass = pass
  }

  write(source: Uint8Array): void {
    if (this.#length + source.length > GATHERED_BYTES) this.flush()
    if (source.length > GATHERED_BYTES || (this.#isPrompt() && this.#length === 0)) return this.#pass(source.slice())
    this.#gathered ??= new Uint8Array(GATHERED_BYTES)
    this.#gathered.set(source, this.#length)
    this.#length += source.length
    if (this.#promptLeft >= 0) this.flush()
  }

  /** Passes on the gathered bytes: the guest waits, or has ended. */
  flush(): void {
    if (this.#length === 0 || !this.#gathered) return
    this.#pass(this.#gathered.slice(0, this.#length))
    this.#length = 0
  }

  #isPrompt(): boolean {
    const now = performance.now()
    if (now - this.#since >= PROMPT_MS) {
      this.#since = now
      this.#promptLeft = PROMPT_WRITES
    }
    this.#promptLeft -= 1
    return this.#promptLeft >= 0
  }
}
