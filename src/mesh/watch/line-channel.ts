import { GliaError, toGliaError } from '../../glia/errors.ts'
import type { SessionChannel } from '../../glia/session/session.ts'
import { MAX_WATCH_LINE, MAX_WATCH_LINES } from '../limits.ts'
import { breach } from './messages.ts'

export interface LineHandlers {
  /** A throw breaks the channel: the other peer sent what it must not. */
  line(text: string): void
  /** Called once, at the latest when this side has closed the channel. */
  closed(): void
}

/** Lines of JSON over a channel of bytes. The waiting lines are bounded in both directions. */
export class LineChannel {
  readonly #channel: SessionChannel
  readonly #handlers: LineHandlers
  readonly #decoder = new TextDecoder()
  /** The line that has begun to arrive. */
  #begun = ''
  /** Lines that wait until the channel has room; undefined while it has. */
  #waiting: string[] | undefined
  #isClosed = false

  constructor(channel: SessionChannel, handlers: LineHandlers) {
    this.#channel = channel
    this.#handlers = handlers
  }

  /** Begins to read. */
  start(): void {
    this.#channel.listen({
      data: (piece) => this.#receive(piece),
      drain: () => this.#flush(),
      closed: () => this.close(),
    })
  }

  send(message: object): void {
    if (this.#isClosed) return
    const line = `${JSON.stringify(message)}\n`
    if (!this.#waiting) return this.#write(line)
    this.#waiting.push(line)
    // The other side does not read. When it watches again it says which ends it knows, so none is lost.
    if (this.#waiting.length > MAX_WATCH_LINES) this.close(new GliaError('ERR_RESET', 'The other peer does not read.'))
  }

  /** @param reason The other side gets a reset. Left out: an end. */
  close(reason?: GliaError): void {
    if (this.#isClosed) return
    this.#channel.close(reason)
    this.#over()
  }

  #receive(piece: Uint8Array): void {
    if (this.#isClosed) return
    const lines = (this.#begun + this.#decoder.decode(piece, { stream: true })).split('\n')
    this.#begun = lines.pop() ?? ''
    try {
      for (const line of lines) this.#take(line)
      if (this.#begun.length > MAX_WATCH_LINE) throw breach('a line that is too long')
    } catch (thrown) {
      this.close(toGliaError(thrown))
    }
  }

  #take(line: string): void {
    if (this.#isClosed) return
    if (line.length > MAX_WATCH_LINE) throw breach('a line that is too long')
    this.#handlers.line(line)
  }

  #write(text: string): void {
    try {
      if (!this.#channel.send(new TextEncoder().encode(text))) this.#waiting = []
    } catch (thrown) {
      // The stream has ended, and the event of its end has not come yet.
      this.close(toGliaError(thrown))
    }
  }

  #flush(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting && waiting.length > 0 && !this.#isClosed) this.#write(waiting.join(''))
  }

  #over(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#begun = ''
    this.#waiting = undefined
    this.#handlers.closed()
  }
}
