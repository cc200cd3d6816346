import { GliaError } from '../errors.ts'

/** The bytes of a message as a program gives it. @throws {GliaError} ERR_BAD_REQUEST if it is something else. */
export function bytesOf(body: unknown): Uint8Array {
  if (typeof body === 'string') return new TextEncoder().encode(body)
  // A copy: the caller may change its bytes afterwards.
  if (body instanceof Uint8Array) return body.slice()
  if (body instanceof ArrayBuffer) return new Uint8Array(body.slice(0))
  throw new GliaError('ERR_BAD_REQUEST', 'A message is a text, a Uint8Array or an ArrayBuffer.')
}
