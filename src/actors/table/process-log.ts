/** A line of a process's log: text from stderr, or an event. */
export interface LogLine {
  /** ms since the epoch. */
  at: number
  source: 'stderr' | 'process' | 'error'
  text: string
}

/** Lines that are kept. Older ones are dropped. */
const MAX_LINES = 500
/** A longer line is broken, in UTF-16 units. Otherwise a guest that never ends a line could grow it without a limit. */
const MAX_LINE = 4096

/** The last lines of a process's log. */
export class ProcessLog {
  #lines: readonly LogLine[] = []
  /**
   * The number of the first line. It is any number, so that one of an earlier log of the process, before the peer was
   * started again, is none of this one.
   */
  readonly first = Math.floor(Math.random() * 2 ** 48)
  /** The number of the line that comes next. */
  next = this.first
  #partial = ''
  readonly #decoder = new TextDecoder()
  readonly #changed: () => void
  readonly #whole: { readonly log: ProcessLog; readonly name: string } | undefined

  /** @param whole The log that has the lines, each behind a name. Left out: this one has them. */
  constructor(changed: () => void, whole?: { readonly log: ProcessLog; readonly name: string }) {
    this.#changed = changed
    this.#whole = whole
  }

  /** A new array whenever there are new lines. */
  get lines(): readonly LogLine[] {
    return this.#lines
  }

  /** Puts the lines of an earlier page before those of this one. */
  restore(lines: readonly LogLine[]): void {
    this.#lines = [...lines, ...this.#lines].slice(-MAX_LINES)
    this.#changed()
  }

  add(source: LogLine['source'], text: string): void {
    const at = Date.now()
    this.#append(breakUp(text).map((part) => ({ at, source, text: part })))
  }

  /** Adds bytes of stderr. A line is added when it ends. */
  write(bytes: Uint8Array): void {
    const at = Date.now()
    const written = this.#partial + this.#decoder.decode(bytes, { stream: true })
    const parts = written.split('\n').flatMap(breakUp)
    this.#partial = parts.pop() ?? ''
    this.#append(parts.map((text) => ({ at, source: 'stderr' as const, text })))
  }

  /** A message has ended: text without a line end becomes a line too. */
  flush(): void {
    // The next message does not complete a character that was cut off.
    const rest = this.#partial + this.#decoder.decode()
    this.#partial = ''
    if (rest !== '') this.add('stderr', rest)
  }

  #append(lines: LogLine[]): void {
    if (lines.length === 0) return
    if (this.#whole) {
      const { log, name } = this.#whole
      log.#append(lines.map((line) => ({ ...line, text: `[${name}] ${line.text}` })))
      return
    }
    this.next += lines.length
    this.#lines = [...this.#lines, ...lines].slice(-MAX_LINES)
    this.#changed()
  }
}

function breakUp(line: string): string[] {
  const pieces: string[] = []
  for (let at = 0; at === 0 || at < line.length; at += MAX_LINE) pieces.push(line.slice(at, at + MAX_LINE))
  return pieces
}
