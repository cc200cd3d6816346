import { GliaError } from './errors.ts'

/** First checks of values from another thread or page. They may be anything. */

/** The fields of a value; none if it is no object. */
export function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/** Whether the value is bytes in a buffer that is not shared. */
export function isBytes(value: unknown): value is Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array && value.buffer instanceof ArrayBuffer
}

/** Whether the value is a number of bytes for which credit can be given. */
export function isCredit(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0
}

/** @throws {GliaError} ERR_BAD_REQUEST. Scripts write to streams, and a string would be taken for zeros. */
export function checkBytes(value: unknown): asserts value is Uint8Array {
  if (!(value instanceof Uint8Array))
    throw new GliaError('ERR_BAD_REQUEST', 'A stream takes its bytes as a Uint8Array.')
}
