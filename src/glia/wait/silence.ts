/** How long the other side of a call may keep this one waiting, in ms, unless its transport says otherwise. */
export const SILENCE_MS = 5 * 60_000

export interface SilenceInit {
  ms: number
  /** Whether the time is a deadline: it ends the call even if bytes move. */
  whatever: boolean
  end(): void
}

/**
 * Ends a call when the other side keeps this one waiting for too long: it takes nothing of the message, or has the
 * whole message and sends nothing. Each moved byte starts the time anew. Time in which the caller itself sends or reads
 * nothing does not count.
 */
export class Silence {
  readonly #init: SilenceInit
  #timer: ReturnType<typeof setTimeout>
  #changedAt = performance.now()
  #reading = false
  #writing = false
  #isSent = false

  constructor(init: SilenceInit) {
    this.#init = init
    this.#timer = setTimeout(() => this.#look(), init.ms)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  /** The message is whole. From now on the other side has to answer. */
  sent(): void {
    this.#isSent = true
    this.#changed()
  }

  async reading<T>(read: Promise<T>): Promise<T> {
    this.#reading = true
    this.#changed()
    try {
      return await read
    } finally {
      this.#reading = false
      this.#changed()
    }
  }

  async writing<T>(write: Promise<T>): Promise<T> {
    this.#writing = true
    this.#changed()
    try {
      return await write
    } finally {
      this.#writing = false
      this.#changed()
    }
  }

  #changed(): void {
    this.#changedAt = performance.now()
  }

  /** The timer is not set anew at each change: there are thousands a second. */
  #look(): void {
    const { ms, whatever, end } = this.#init
    if (whatever) return end()
    const leftMs = ms - (performance.now() - this.#changedAt)
    const isTheirTurn = this.#writing || (this.#reading && this.#isSent)
    if (leftMs <= 0 && isTheirTurn) return end()
    this.#timer = setTimeout(() => this.#look(), leftMs > 0 ? leftMs : ms)
  }
}
