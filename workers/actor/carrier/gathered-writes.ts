/**
 * Writes that are passed on as they come, in a second. Each is a task of the page, so a guest that writes byte by byte would
 * keep it busy for minutes: what comes faster is gathered.
 */
const PROMPT_WRITES = 1000
const PROMPT_MS = 1000
/** Bytes that are gathered at most. */
const GATHERED_BYTES = 16 * 1024

/** What a guest writes, on its way to the page in pieces that are not too many. */
export class GatheredWrites {
  readonly #pass: (bytes: Uint8Array<ArrayBuffer>) => void
  readonly #gathered = new Uint8Array(GATHERED_BYTES)
  #length = 0
  #since = -Infinity
  #promptLeft = 0

  /** @param pass Gets bytes of its own. */
  constructor(pass: (bytes: Uint8Array<ArrayBuffer>) => void) {
    this.#pass = pass
  }

  write(source: Uint8Array): void {
    if (this.#length + source.length > GATHERED_BYTES) this.flush()
    if (source.length > GATHERED_BYTES) return this.#pass(source.slice())
    this.#gathered.set(source, this.#length)
    this.#length += source.length
    if (this.#isPrompt()) this.flush()
  }

  /** Passes on what is gathered: the guest waits, or has ended. */
  flush(): void {
    if (this.#length === 0) return
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
