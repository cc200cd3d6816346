import { GliaError } from './errors.ts'

/** First looks at what came from another thread or page: nothing about it is believed. */

/** The fields of whatever came; none if it is no object. */
export function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/** Whether it is bytes in a buffer that is not shared. */
export function isBytes(value: unknown): value is Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array && value.buffer instanceof ArrayBuffer
}

/** Whether it is a number of bytes that credit is given for. */
export function isCredit(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0
}

/** @throws {GliaError} ERR_BAD_REQUEST. Scripts write to streams and read from them, and a string would pass for zeros. */
export function checkBytes(value: unknown): asserts value is Uint8Array {
  if (!(value instanceof Uint8Array))
    throw new GliaError('ERR_BAD_REQUEST', 'A stream takes its bytes as a Uint8Array.')
}
