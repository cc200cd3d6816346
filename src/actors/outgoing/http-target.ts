import { GliaError } from '../../glia/errors.ts'

/** Where requests are, as files. */
const HTTP_ROOT = '/http'

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
/** Under this name the guest writes and reads whole messages, with their heads. */
const FULL = 'full'

/** Whether a path is of a request, and not of a call. */
export function isHttpPath(path: string): boolean {
  return path === HTTP_ROOT || path.startsWith(`${HTTP_ROOT}/`)
}

/** What a path under `/http` asks for. */
export interface HttpTarget {
  readonly method: string
  readonly url: URL
  /** Whether the guest writes the headers of the request, and reads the status and the headers of the response. */
  readonly isFull: boolean
}

/**
 * Reads `/http/GET/https/example.org/path?query`, or the same with `full` before the method.
 * @throws {GliaError} ERR_BAD_ADDRESS; ERR_DENIED if the origin is not in the list
 */
export function readTarget(path: string, origins: readonly string[]): HttpTarget {
  const { isFull, parts } = partsOf(path)
  const [method = '', scheme = '', ...rest] = parts
  const text = `${scheme}://${rest.join('/')}`
  if (!METHODS.includes(method) || !/^https?$/.test(scheme) || !URL.canParse(text)) throw notARequest()
  const url = new URL(text)
  checkUrl(url, origins)
  return { method, url, isFull }
}

/**
 * Whether a request may go to the URL.
 * @throws {GliaError} ERR_DENIED
 */
export function checkUrl({ origin, username, password }: URL, origins: readonly string[]): void {
  if (username !== '' || password !== '') {
    throw new GliaError('ERR_DENIED', `${origin}: there must be no name and no password in a URL.`)
  }
  if (origins.includes(origin)) return
  throw new GliaError('ERR_DENIED', `The policy of this process does not let it send requests to ${origin} (http).`)
}

/**
 * The names in a directory under `/http`: methods, schemes, and the listed hosts; none under a request.
 * @throws {GliaError} ERR_BAD_ADDRESS if there can be no such path; ERR_DENIED
 */
export function requestsUnder(path: string, origins: readonly string[]): readonly string[] {
  const { isFull, parts } = partsOf(path)
  const [method, scheme, ...rest] = parts
  if (method === undefined) return isFull ? METHODS : [...METHODS, FULL]
  if (rest.length > 0 && readTarget(path, origins)) return []
  if (!METHODS.includes(method)) throw notARequest()
  if (scheme === undefined) return [...new Set(origins.map((origin) => origin.slice(0, origin.indexOf(':'))))]
  const start = `${scheme}://`
  const hosts = origins.filter((origin) => origin.startsWith(start)).map((origin) => origin.slice(start.length))
  if (hosts.length === 0) throw notARequest()
  return hosts
}

function partsOf(path: string): { isFull: boolean; parts: string[] } {
  const [, , first, ...rest] = path.split('/')
  if (first === undefined) return { isFull: false, parts: [] }
  return first === FULL ? { isFull: true, parts: rest } : { isFull: false, parts: [first, ...rest] }
}

function notARequest(): GliaError {
  return new GliaError(
    'ERR_BAD_ADDRESS',
    `Requests are files such as ${HTTP_ROOT}/GET/https/example.org/path?query. The methods are ${METHODS.join(', ')}.`,
  )
}
