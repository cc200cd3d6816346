import type { IncomingMessage } from 'node:http'
import { GliaError } from '../../glia/errors.ts'

export interface BodyLimits {
  /** Largest body, in bytes. */
  readonly maxBodyBytes: number
  /** Longest time without a byte from the client while bytes are waited for, in ms. */
  readonly bodyIdleMs: number
}

/**
 * A request's body as a web stream that holds the client while nobody reads. It fails with ERR_MESSAGE_TOO_LARGE,
 * ERR_DEADLINE, or ERR_ABORTED if the client goes away. `Readable.toWeb` is no choice: cancelling it ends the
 * connection, and with it the reply of a method that does not read its message to the end.
 */
export class RequestBody {
  readonly stream: ReadableStream<Uint8Array>
  receivedBytes = 0
  readonly #incoming: IncomingMessage
  readonly #limits: BodyLimits
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #idle: NodeJS.Timeout | undefined
  #waitedMs = 0
  /** Since when bytes are waited for, on the clock of `performance.now()`; undefined while nobody waits. */
  #waitsSince: number | undefined
  #over = false

  constructor(incoming: IncomingMessage, limits: BodyLimits) {
    this.#incoming = incoming
    this.#limits = limits
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => this.#start(controller),
        pull: () => this.#pull(),
        cancel: () => void this.#finish(),
      },
      { highWaterMark: 0 },
    )
  }

  /** Time that the gateway has waited for bytes of this body in all, in ms; 0 once the body is over. */
  get waitedMs(): number {
    if (this.#over) return 0
    return this.#waitedMs + (this.#waitsSince === undefined ? 0 : performance.now() - this.#waitsSince)
  }

  /** Ends the body with an error for its reader. Idempotent. */
  fail(error: GliaError): void {
    if (this.#finish()) this.#controller?.error(error)
  }

  #start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller
    const incoming = this.#incoming
    incoming.on('data', (chunk: Buffer) => this.#receive(chunk))
    incoming.pause()
    incoming.once('end', () => this.#finish() && controller.close())
    incoming.on('error', () => undefined) // 'close' comes too
    incoming.once('close', () =>
      this.fail(new GliaError('ERR_ABORTED', 'The caller went away in the middle of its message.')),
    )
  }

  #receive(chunk: Buffer): void {
    this.#incoming.pause()
    this.#stopWaiting()
    this.receivedBytes += chunk.length
    const { maxBodyBytes } = this.#limits
    if (this.receivedBytes > maxBodyBytes) this.fail(tooLarge(maxBodyBytes))
    else this.#controller?.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length))
  }

  #pull(): void {
    if (this.#over) return
    this.#stopWaiting()
    this.#waitsSince = performance.now()
    const { bodyIdleMs } = this.#limits
    this.#idle = setTimeout(() => this.fail(silent(bodyIdleMs)), bodyIdleMs)
    this.#incoming.resume()
  }

  #stopWaiting(): void {
    clearTimeout(this.#idle)
    this.#waitedMs = this.waitedMs
    this.#waitsSince = undefined
  }

  /** @returns false if the body was over already. */
  #finish(): boolean {
    if (this.#over) return false
    this.#over = true
    clearTimeout(this.#idle)
    // Further bytes are dropped: the client has to finish before it reads its answer.
    this.#incoming.removeAllListeners('data').resume()
    return true
  }
}

/** @throws {GliaError} ERR_MESSAGE_TOO_LARGE if the declared length of a body is too large. */
export function checkLength(incoming: IncomingMessage, { maxBodyBytes }: BodyLimits): void {
  if (Number(incoming.headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge(maxBodyBytes)
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
