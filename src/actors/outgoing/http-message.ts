import { GliaError } from '../../glia/errors.ts'

/** Largest head of a request, in bytes. */
const MAX_HEAD_BYTES = 16 * 1024

/**
 * Headers that a program must not set: those that fetch keeps for itself (they frame the message, or tell a server where
 * it comes from), and those that proxies add.
 */
const FORBIDDEN =
  /^(accept-charset|accept-encoding|access-control-.*|connection|content-length|cookie2?|date|dnt|expect|forwarded|host|keep-alive|origin|proxy-.*|referer|sec-.*|set-cookie2?|te|trailer|transfer-encoding|upgrade|via|x-forwarded-.*|x-http-method.*|x-method-override|x-real-ip)$/i

/** Headers of a response that say nothing to a program: of one connection, of a coding that is undone, of a browser. */
const HIDDEN = /^(connection|content-encoding|keep-alive|proxy-.*|set-cookie2?|te|trailer|transfer-encoding|upgrade)$/i

/** What a program wrote to a request with a head. */
export interface WrittenRequest {
  readonly headers: Headers
  readonly body: Uint8Array<ArrayBuffer>
}

/**
 * Reads `name: value` lines, an empty line, and then the body. Nothing at all is a request without headers.
 * @throws {GliaError} ERR_BAD_REQUEST that names the line
 */
export function readWritten(message: Uint8Array<ArrayBuffer>): WrittenRequest {
  const headers = new Headers()
  for (let at = 0; at < message.length;) {
    const end = message.indexOf(10, at)
    if (end < 0 || end > MAX_HEAD_BYTES) {
      throw bad(`Its headers end with an empty line, after at most ${MAX_HEAD_BYTES} bytes`)
    }
    const line = latin1(message.subarray(at, end)).replace(/\r$/, '')
    at = end + 1
    if (line === '') return { headers, body: message.subarray(at) }
    addHeader(headers, line)
  }
  if (message.length > 0) throw bad('An empty line comes behind its headers')
  return { headers, body: message }
}

/** The head of a response as a program reads it: an HTTP/1.1 message whose body goes on to the end of the file. */
export function headOf({
  status,
  statusText,
  headers,
}: Pick<Response, 'status' | 'statusText' | 'headers'>): Uint8Array {
  const shown = [...headers].filter(([name]) => !HIDDEN.test(name))
  const lines = [`HTTP/1.1 ${status} ${statusText}`, ...shown.map(([name, value]) => `${name}: ${value}`)]
  return Uint8Array.from(`${lines.join('\r\n')}\r\n\r\n`, (character) => character.charCodeAt(0) & 0xff)
}

function addHeader(headers: Headers, line: string): void {
  const colon = line.indexOf(':')
  const name = line.slice(0, Math.max(colon, 0))
  if (FORBIDDEN.test(name)) throw bad(`A program must not set ${name}`)
  try {
    headers.append(name, line.slice(colon + 1).trim())
  } catch (cause) {
    throw bad(`“${line.slice(0, 100)}” is not “name: value”`, cause)
  }
}

/** Header fields are bytes. */
function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}

function bad(why: string, cause?: unknown): GliaError {
  return new GliaError('ERR_BAD_REQUEST', `The request cannot be sent. ${why}.`, { cause })
}
