import { isCallKey, MAX_CALL_KEY } from '../call-context.ts'
import { GliaError } from '../errors.ts'
import type { RequestHeaders } from './http-calls.ts'

/** Name of the header that says which requests are the same one (IETF draft-ietf-httpapi-idempotency-key-header). */
export const KEY_HEADER = 'idempotency-key'

/** An sf-string of RFC 8941: printable ASCII in quotes. Its parameters are ignored. */
const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])*)"[ \t]*(?:;.*)?$/
/** The same without quotes, which most clients send. */
const BARE = /^[!#-+\--:<-~]*$/

/**
 * The `Idempotency-Key` of a request, without quotes; undefined if there is none.
 * @throws {GliaError} ERR_BAD_REQUEST if it is no key, or too long.
 */
export function readRequestKey(headers: RequestHeaders): string | undefined {
  const value = headers.get(KEY_HEADER)
  if (value === null) return undefined
  const key = QUOTED.exec(value)?.[1]?.replace(/\\(["\\])/g, '$1') ?? (BARE.test(value) ? value : '')
  if (isCallKey(key)) return key
  throw new GliaError('ERR_BAD_REQUEST', `The header Idempotency-Key must be ${KEY_FORM}, with or without quotes.`)
}

/** A parameter of the header, which other servers ignore. */
const AGE = /^"(?:[ !#-[\]-~]|\\["\\])*";age=(\d{1,9})$/

/** How long ago the caller sent the request first, in ms, by its own clock; undefined if it does not say. */
export function readRequestAge(headers: RequestHeaders): number | undefined {
  const [, age] = AGE.exec(headers.get(KEY_HEADER) ?? '') ?? []
  return age === undefined ? undefined : Number(age)
}

/** The header of a request that is sent again. @param ageMs How long ago it was sent first. */
export function withAge(key: string, ageMs: number): string {
  const quoted = key.startsWith('"') ? key.replace(/;age=\d+$/, '') : JSON.stringify(key)
  return `${quoted};age=${Math.ceil(ageMs)}`
}

export const KEY_FORM = `one text of 1 to ${MAX_CALL_KEY} printable ASCII characters`

/** Whether a key may travel as a header. */
export function isRequestKey(key: unknown): key is string {
  return isCallKey(key) && /^[ -~]*$/.test(key)
}

/** The key of a script's call, which may travel as a header. @throws {GliaError} ERR_BAD_REQUEST if it is none. */
export function readCallKey(key: unknown): string | undefined {
  if (key === undefined || isRequestKey(key)) return key
  throw new GliaError('ERR_BAD_REQUEST', `key: give ${KEY_FORM}.`)
}
