import { GliaError } from '../errors.ts'

/** Most origins in a list, since each request looks through it. */
const MAX_ORIGINS = 100

/**
 * Reads the origins that a process may send HTTP requests to, each in its canonical form: `https://example.org`,
 * `http://127.0.0.1:8080`.
 * @throws {GliaError} ERR_BAD_REQUEST
 */
export function readOrigins(value: unknown): string[] {
  if (!Array.isArray(value) || value.length > MAX_ORIGINS) throw wrong(`give a list of at most ${MAX_ORIGINS} origins`)
  return [...new Set(value.map(readOrigin))]
}

function readOrigin(given: unknown): string {
  const text = typeof given === 'string' ? given : ''
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !isHttp(url) || url.href !== `${url.origin}/` || /[?#]/.test(text)) {
    throw wrong(
      `“${text.slice(0, 200)}” is not an origin. Give a scheme, a host and perhaps a port: https://example.org`,
    )
  }
  if (url.hostname.includes('*')) throw wrong(`“${text.slice(0, 200)}”: there are no wildcards. List each host`)
  if (url.hostname.endsWith('.')) throw wrong(`“${text.slice(0, 200)}”: leave out the dot behind the host`)
  return url.origin
}

function isHttp({ protocol }: URL): boolean {
  return protocol === 'https:' || protocol === 'http:'
}

function wrong(why: string): GliaError {
  return new GliaError('ERR_BAD_REQUEST', `policy.http: ${why}.`)
}
