import { GliaError } from '../errors.ts'
import { EXIT_HEADER } from './http-exit.ts'

/**
 * Headers of every reply of the HTTP API. A guest chooses the bytes of a reply. So a reply must never run as a page of
 * this origin (sandbox, nosniff), be framed, be embedded by another site, or stay in a cache.
 */
export const API_HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
} as const

/** The error for a path that the API does not have, whatever the verb. */
export function noPath(path: string): GliaError {
  return new GliaError('ERR_NO_PATH', `The API has no path ${path.slice(0, 200)}.`)
}

/** The type of error responses: problem details. @see https://www.rfc-editor.org/rfc/rfc9457 */
const PROBLEM_TYPE = 'application/problem+json'

/**
 * An error response of the API: problem details with `code` and `message`, and `exitCode` if a program has exited. Also
 * used for requests that do not reach the API.
 */
export function refuse(error: GliaError, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify({ status: error.status, detail: error.message, ...error.toJSON() }), {
    status: error.status,
    headers: {
      ...API_HEADERS,
      ...headers,
      'content-type': PROBLEM_TYPE,
      // It may go well a moment later.
      ...((error.status === 429 || error.status === 503) && { 'retry-after': '1' }),
      ...(error.exitCode !== undefined && { [EXIT_HEADER]: String(error.exitCode) }),
    },
  })
}
