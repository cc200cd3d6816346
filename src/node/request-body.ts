import type { IncomingMessage } from 'node:http'
import { GliaError } from '../glia/errors.ts'

export interface BodyLimits {
  /** Largest body, in bytes. */
  readonly maxBodyBytes: number
  /** Longest time that the client sends nothing while bytes are waited for, in ms. */
  readonly bodyIdleMs: number
}

/**
 * A request's body as a web stream that holds the client while nobody reads. It fails with ERR_MESSAGE_TOO_LARGE,
 * ERR_DEADLINE, or ERR_ABORTED if the client goes away. Not `Readable.toWeb`: cancelling that one ends the connection, and
 * with it the reply of a method that does not read its message to the end.
 */
export function bodyOf(
  incoming: IncomingMessage,
  { maxBodyBytes, bodyIdleMs }: BodyLimits,
): ReadableStream<Uint8Array> {
  let received = 0
  let idle: NodeJS.Timeout | undefined
  let over = false
  const finish = (then: () => void): void => {
    if (over) return
    over = true
    clearTimeout(idle)
    then()
    // What else comes is dropped: the client has to be able to finish before it reads its answer.
    incoming.removeAllListeners('data').resume()
  }
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const fail = (error: GliaError): void => finish(() => controller.error(error))
        incoming.on('data', (chunk: Buffer) => {
          incoming.pause()
          clearTimeout(idle)
          received += chunk.length
          if (received > maxBodyBytes) return fail(tooLarge(maxBodyBytes))
          controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length))
        })
        incoming.pause()
        incoming.once('end', () => finish(() => controller.close()))
        incoming.on('error', () => undefined) // 'close' comes too
        incoming.once('close', () =>
          fail(new GliaError('ERR_ABORTED', 'The caller went away in the middle of its message.')),
        )
      },
      pull(controller) {
        if (over) return
        clearTimeout(idle)
        idle = setTimeout(() => finish(() => controller.error(silent(bodyIdleMs))), bodyIdleMs)
        incoming.resume()
      },
      cancel: () => finish(() => undefined),
    },
    { highWaterMark: 0 },
  )
}

/** @throws {GliaError} ERR_MESSAGE_TOO_LARGE for a body that says it is. */
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
