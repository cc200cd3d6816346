import { GliaError, toGliaError } from '../errors.ts'
import { Fingerprint } from './fingerprint.ts'
import { KeptReply, type ReplyReader } from './kept-reply.ts'
import type { Source } from '../stream/source.ts'
import type { Stream } from '../stream/stream.ts'

/**
 * How long a run without its whole request waits for its caller to come back, in ms. Meanwhile it keeps the turn of the
 * process.
 */
export const ORPHAN_MS = 10_000

/** One of the requests with the same key. */
export interface KeyedRequest {
  body: Source | null
  /**
   * Aborts when nobody waits for this request: with ERR_ABORTED if the caller gave up, otherwise because the caller was
   * lost.
   */
  signal: AbortSignal
}

export interface KeyedRunInit {
  /** Opens the call. */
  open(): Stream
  /** Called with each change in the number of kept bytes of the reply. */
  resized(bytes: number): void
  /** Called once. @param error Why there is no whole reply. */
  over(error: GliaError | undefined): void
}

/** The reply to one of the requests, from its start. */
export type KeyedReply = Pick<Stream, 'read' | 'abort' | 'exit'>

interface Attempt {
  readonly reader: ReplyReader
  /** Resolves when the body is known to be the same as the call's. */
  readonly same: PromiseWithResolvers<void>
  readonly body: Source | null
}

/**
 * One call for any number of requests with the same key. Each request sends the same body, or a part of it. The request
 * that is ahead feeds the call. The others are compared with what was fed. Each request reads the same reply from its
 * start.
 */
export class KeyedRun {
  readonly #init: KeyedRunInit
  readonly #reply: KeptReply
  readonly #stream: Stream
  readonly #attempts = new Set<Attempt>()
  /** The part of the request that was fed to the call. */
  readonly #sent = new Fingerprint()
  #requestEnded = false
  /** Whether the call takes no more of its request. */
  #fed = false
  #writing: Promise<void> = Promise.resolve()
  #isOver = false
  #orphanTimer: ReturnType<typeof setTimeout> | undefined

  constructor(init: KeyedRunInit) {
    this.#init = init
    this.#reply = new KeptReply(init.resized)
    this.#stream = init.open()
    const { signal } = this.#stream
    // The reply may be waiting for a reader and notice nothing.
    signal.addEventListener('abort', () => this.#finish(toGliaError(signal.reason)), { once: true })
    void this.#run()
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Whether the reply is kept from its start. */
  get keepsReply(): boolean {
    return this.#reply.isWhole
  }

  /** Frees the memory of the reply. Later requests do not get it. */
  forgetReply(): void {
    this.#reply.forget()
  }

  /**
   * Joins the call. Resolves with its reply when the body is known to be the same.
   * @throws {GliaError} ERR_KEY_REUSED if the body differs; ERR_REPLY_GONE.
   */
  async take({ body, signal }: KeyedRequest): Promise<KeyedReply> {
    const isFirst = this.#attempts.size === 0 && this.#sent.length === 0 && !this.#isOver
    const attempt: Attempt = {
      reader: this.#reply.newReader(),
      same: Promise.withResolvers<void>(),
      body,
    }
    clearTimeout(this.#orphanTimer)
    this.#attempts.add(attempt)
    const onAbort = (): void => this.#leave(attempt, toGliaError(signal.reason, 'ERR_UNREACHABLE'))
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    const done = (error?: GliaError): void => {
      signal.removeEventListener('abort', onAbort)
      this.#leave(attempt, error)
    }
    if (isFirst) attempt.same.resolve()
    void this.#send(attempt)
    await attempt.same.promise
    const stream = this.#stream
    return {
      async read() {
        try {
          const chunk = await attempt.reader.read()
          if (chunk === null) done()
          return chunk
        } catch (thrown) {
          const error = toGliaError(thrown)
          done(error)
          throw error
        }
      },
      get exit() {
        return stream.exit
      },
      // A caller that gives up says so by the signal.
      abort: () =>
        done(
          new GliaError('ERR_UNREACHABLE', 'The connection to the caller was lost before the caller had its reply.'),
        ),
    }
  }

  async #run(): Promise<void> {
    const stream = this.#stream
    try {
      for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) await this.#reply.write(chunk)
      this.#finish()
    } catch (thrown) {
      this.#finish(toGliaError(thrown))
    }
  }

  #finish(error?: GliaError): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#fed = true
    clearTimeout(this.#orphanTimer)
    this.#reply.end(error)
    this.#init.over(error)
  }

  /** Gives the call up. */
  #abort(error: GliaError): void {
    this.#finish(error)
    // The process is told that the caller gave up, also if the caller was lost.
    this.#stream.abort(error.code === 'ERR_UNREACHABLE' ? new GliaError('ERR_ABORTED', error.message) : error)
  }

  async #send(attempt: Attempt): Promise<void> {
    const mine = new Fingerprint()
    try {
      for (;;) {
        const chunk = attempt.body && (await attempt.body.read())
        // Dropping a body ends it as if it were whole.
        if (!this.#attempts.has(attempt)) return
        if (chunk === null) break
        await this.#feed(chunk, mine)
        // A request that is behind may still turn out to differ.
        if (mine.length < this.#sent.length) continue
        attempt.same.resolve()
        if (this.#fed) return drop(attempt.body)
      }
      await this.#endRequest(mine)
      attempt.same.resolve()
    } catch (thrown) {
      drop(attempt.body)
      this.#leave(attempt, asLoss(toGliaError(thrown, 'ERR_ABORTED')))
    }
  }

  async #feed(chunk: Uint8Array, mine: Fingerprint): Promise<void> {
    const known = Math.min(chunk.length, this.#sent.length - mine.length)
    mine.add(chunk.subarray(0, known))
    if (mine.length < this.#sent.length) return
    const isLonger = chunk.length > known
    if (!mine.equals(this.#sent) || (isLonger && this.#requestEnded)) throw keyReused()
    if (!isLonger || this.#fed) return
    const rest = chunk.subarray(known)
    for (const fingerprint of [mine, this.#sent]) fingerprint.add(rest)
    await this.#write((stream) => stream.write(rest))
  }

  async #endRequest(mine: Fingerprint): Promise<void> {
    if (!mine.equals(this.#sent)) throw keyReused()
    if (this.#requestEnded || this.#fed) return
    this.#requestEnded = true
    await this.#write((stream) => stream.closeWrite())
  }

  /** Writes one after the other. A process may stop reading and still reply, so only the reply tells of a failure. */
  async #write(write: (stream: Stream) => Promise<void>): Promise<void> {
    const turn = this.#writing.then(() => write(this.#stream))
    this.#writing = turn.catch(() => undefined)
    try {
      await turn
    } catch {
      this.#fed = true
    }
  }

  /** The request was answered, was lost, or differs. */
  #leave(attempt: Attempt, error?: GliaError): void {
    if (!this.#attempts.delete(attempt)) return
    const reason = error ?? new GliaError('ERR_ABORTED', 'The caller gave up.')
    attempt.same.reject(reason)
    attempt.reader.fail(reason)
    drop(attempt.body)
    if (this.#attempts.size > 0 || this.#isOver) return
    const isLost = reason.code === 'ERR_UNREACHABLE' || reason.code === 'ERR_KEY_REUSED'
    // A caller that wants no reply ends its call. A lost caller may come back for the reply while it is kept.
    if (!isLost || !this.#reply.isWhole) this.#abort(reason)
    // A process with its whole message goes on, within its own deadline.
    else if (!this.#requestEnded && !this.#fed) {
      this.#orphanTimer = setTimeout(() => this.#abort(reason), ORPHAN_MS)
    }
  }
}

/** A body that just breaks off has lost its sender. A caller that gives up says so by its signal. */
function asLoss(error: GliaError): GliaError {
  if (error.code !== 'ERR_ABORTED') return error
  return new GliaError('ERR_UNREACHABLE', 'The connection to the caller was lost in the middle of its message.', {
    cause: error,
  })
}

function keyReused(): GliaError {
  return new GliaError(
    'ERR_KEY_REUSED',
    'Another message was sent with this Idempotency-Key before. Each call needs a key of its own.',
  )
}

function drop(body: Source | null): void {
  void body?.cancel(undefined)
}
