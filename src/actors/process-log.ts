/** One line of a process's log: what it wrote to stderr, or what happened to it. */
export interface LogLine {
  /** ms since the epoch. */
  at: number
  source: 'stderr' | 'process' | 'error'
  text: string
}

/** Lines that are kept; older ones are dropped. */
const MAX_LINES = 500
/** A longer line is broken, so that a guest which never ends one cannot grow it without bound. In UTF-16 units. */
const MAX_LINE = 4096

/** The last lines of a process's log. */
export class ProcessLog {
  #lines: readonly LogLine[] = []
  #partial = ''
  readonly #decoder = new TextDecoder()
  readonly #changed: () => void

  constructor(changed: () => void) {
    this.#changed = changed
  }

  /** A new array whenever there are new lines. */
  get lines(): readonly LogLine[] {
    return this.#lines
  }

  add(source: LogLine['source'], text: string): void {
    this.#append([{ at: Date.now(), source, text }])
  }

  /** Bytes of stderr as they come; a line is added when it ends. */
  write(bytes: Uint8Array): void {
    const at = Date.now()
    const parts = (this.#partial + this.#decoder.decode(bytes, { stream: true })).split('\n')
    this.#partial = parts.pop() ?? ''
    while (this.#partial.length > MAX_LINE) {
      parts.push(this.#partial.slice(0, MAX_LINE))
      this.#partial = this.#partial.slice(MAX_LINE)
    }
    this.#append(parts.map((text) => ({ at, source: 'stderr' as const, text })))
  }

  /** A message has ended: what it left without a line end is a line too. */
  flush(): void {
    if (this.#partial === '') return
    this.add('stderr', this.#partial)
    this.#partial = ''
  }

  #append(lines: LogLine[]): void {
    if (lines.length === 0) return
    this.#lines = [...this.#lines, ...lines].slice(-MAX_LINES)
    this.#changed()
  }
}
