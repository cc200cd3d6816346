import { GliaError } from '../errors.ts'

/** Name of the header that says which requests are the same one (IETF draft-ietf-httpapi-idempotency-key-header). */
export const KEY_HEADER = 'idempotency-key'

/** Longest key, in characters. A UUID has 36. */
const MAX_KEY_LENGTH = 255

/** An sf-string of RFC 8941: printable ASCII in quotes. Its parameters are ignored. */
const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])*)"[ \t]*(?:;.*)?$/
/** The same without quotes, which most clients send. */
const BARE = /^[!#-+\--:<-~]*$/

/**
 * The `Idempotency-Key` of a request, without quotes; undefined if there is none.
 * @throws {GliaError} ERR_BAD_REQUEST if it is no key, or too long.
 */
export function readRequestKey(headers: Headers): string | undefined {
  const value = headers.get(KEY_HEADER)
  if (value === null) return undefined
  const key = QUOTED.exec(value)?.[1]?.replace(/\\(["\\])/g, '$1') ?? (BARE.test(value) ? value : '')
  if (key.length >= 1 && key.length <= MAX_KEY_LENGTH) return key
  const form = `one text of 1 to ${MAX_KEY_LENGTH} printable ASCII characters, with or without quotes`
  throw new GliaError('ERR_BAD_REQUEST', `The header Idempotency-Key must be ${form}.`)
}
