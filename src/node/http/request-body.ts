import type { IncomingMessage } from 'node:http'
import { GliaError } from '../../glia/errors.ts'
import type { Source } from '../../glia/stream/source.ts'

export interface BodyLimits {
  /** Largest body, in bytes. */
  readonly maxBodyBytes: number
  /** Longest time without a byte from the client while bytes are waited for, in ms. */
  readonly bodyIdleMs: number
}

/**
 * A request's body. While nobody reads it, the client has to wait. It fails with ERR_MESSAGE_TOO_LARGE, ERR_DEADLINE, or
 * ERR_ABORTED if the client goes away. A web stream is made only on request: it takes longer than reading a small body. Cancelling it does not end the connection, so a method that does not read its message to the end can reply.
 */
export class RequestBody implements Source {
  receivedBytes = 0
  readonly #incoming: IncomingMessage
  readonly #limits: BodyLimits
  #stream: ReadableStream<Uint8Array> | undefined
  #reader: PromiseWithResolvers<Uint8Array | null> | undefined
  /** Whether it is told of arriving bytes. */
  #listens = false
  #idle: NodeJS.Timeout | undefined
  #waitedMs = 0
  /** Since when bytes are waited for, on the clock of `performance.now()`; undefined while nobody waits. */
  #waitsSince: number | undefined
  #isOver = false
  #error: GliaError | undefined

  constructor(incoming: IncomingMessage, limits: BodyLimits) {
    this.#incoming = incoming
    this.#limits = limits
    incoming.on('error', ignore) // 'close' comes too
    incoming.once('close', () => {
      // Node closes a message once its last bytes were read, which may be before somebody asks for its end.
      if (!incoming.readableEnded)
        this.fail(new GliaError('ERR_ABORTED', 'The caller went away in the middle of its message.'))
    })
  }

  /** The body as a web stream. Whoever asks for it must not use {@link read}. */
  get stream(): ReadableStream<Uint8Array> {
    this.#stream ??= new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const chunk = await this.read()
          if (chunk === null) controller.close()
          else controller.enqueue(chunk)
        },
        cancel: () => this.cancel(),
      },
      { highWaterMark: 0 },
    )
    return this.#stream
  }

  /** Time that the gateway has waited for bytes of this body in all, in ms; 0 once the body is over. */
  get waitedMs(): number {
    if (this.#isOver) return 0
    return this.#waitedMs + (this.#waitsSince === undefined ? 0 : performance.now() - this.#waitsSince)
  }

  async read(): Promise<Uint8Array | null> {
    const chunk = this.#take()
    return chunk === undefined ? this.#wait() : chunk
  }

  /** Further bytes are dropped: the client has to finish before it reads its answer. */
  cancel(): void {
    if (!this.#finish()) return
    this.#incoming.off('readable', this.#look).resume()
    this.#reader?.resolve(null)
  }

  /** Ends the body with an error for its reader. Idempotent. */
  fail(error: GliaError): void {
    if (this.#isOver) return
    this.#error = error
    this.#reader?.reject(error)
    this.#reader = undefined
    this.cancel()
  }

  /** Undefined: nothing has come. */
  #take(): Uint8Array | null | undefined {
    if (this.#error) throw this.#error
    if (this.#isOver) return null
    const incoming = this.#incoming
    const chunk = incoming.read() as Buffer | null
    if (chunk === null) {
      // Node tells the end of a message later than it knows it.
      if (!incoming.readableEnded && !incoming.complete) return undefined
      this.#finish()
      return null
    }
    this.receivedBytes += chunk.length
    const { maxBodyBytes } = this.#limits
    if (this.receivedBytes <= maxBodyBytes) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length)
    const error = tooLarge(maxBodyBytes)
    this.fail(error)
    throw error
  }

  #wait(): Promise<Uint8Array | null> {
    const { bodyIdleMs } = this.#limits
    this.#waitsSince = performance.now()
    this.#idle = setTimeout(() => this.fail(silent(bodyIdleMs)), bodyIdleMs)
    this.#reader = Promise.withResolvers()
    if (!this.#listens) this.#incoming.on('readable', this.#look).once('end', this.#look)
    this.#listens = true
    return this.#reader.promise
  }

  readonly #look = (): void => {
    const reader = this.#reader
    if (!reader) return
    try {
      const chunk = this.#take()
      if (chunk === undefined) return
      this.#stopWaiting()
      this.#reader = undefined
      reader.resolve(chunk)
    } catch {
      // The reader has the error.
    }
  }

  #stopWaiting(): void {
    clearTimeout(this.#idle)
    this.#waitedMs = this.waitedMs
    this.#waitsSince = undefined
  }

  /** @returns false if the body was over already. */
  #finish(): boolean {
    if (this.#isOver) return false
    this.#stopWaiting()
    this.#isOver = true
    return true
  }
}

const ignore = (): void => undefined

/** @throws {GliaError} ERR_MESSAGE_TOO_LARGE if the declared length of a body is too large. */
export function checkLength(incoming: IncomingMessage, limits: BodyLimits): void {
  if (!isWithin(incoming, limits)) throw tooLarge(limits.maxBodyBytes)
}

/** Whether the body may have the length that its head gives, if it gives one. */
export function isWithin({ headers }: IncomingMessage, { maxBodyBytes }: BodyLimits): boolean {
  return Number(headers['content-length'] ?? 0) <= maxBodyBytes
}

function tooLarge(maxBodyBytes: number): GliaError {
  return new GliaError(
    'ERR_MESSAGE_TOO_LARGE',
    `The message is larger than the ${maxBodyBytes} bytes that this gateway takes.`,
  )
}

function silent(ms: number): GliaError {
  return new GliaError('ERR_DEADLINE', `The caller sent nothing for ${ms / 1000} s in the middle of its message.`)
}
