import { GliaError } from '../errors.ts'
import { EXIT_HEADER } from './http-exit.ts'

/**
 * Headers of every reply of the HTTP API. A reply is bytes that a guest chose: it must never run as a page of this origin
 * (sandbox, nosniff), be framed, be embedded by another site, or stay in a cache.
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

/** For a path that no part of the API has, whatever the verb. */
export function noPath(path: string): GliaError {
  return new GliaError('ERR_NO_PATH', `The API has no path ${path.slice(0, 200)}.`)
}

/** The error response of the API: JSON `{code, message}`. Also used where a request cannot get as far as the API. */
export function refuse(error: GliaError, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(error), {
    status: error.status,
    headers: {
      ...API_HEADERS,
      ...headers,
      'content-type': 'application/json',
      ...(error.exitCode !== undefined && { [EXIT_HEADER]: String(error.exitCode) }),
    },
  })
}
