import { lookup as lookupInDns } from 'node:dns'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import { pipeline, type Readable, type Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, type Zlib } from 'node:zlib'
import type { HttpRequest, HttpResponse, SendHttp } from '../../actors/outgoing/http-request.ts'
import { GliaError } from '../../glia/errors.ts'
import type { Source } from '../../glia/stream/source.ts'
import { mayConnect } from './public-address.ts'

/** Finds the addresses of a name, as `dns.lookup` does. */
export type Lookup = LookupFunction

/** Some servers compress although they were asked not to. */
const DECODERS: Readonly<Record<string, () => Transform & Zlib>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}

/** Responses with these have no body. */
const BODILESS: ReadonlySet<number> = new Set([204, 304])

/**
 * Sends the requests of the processes of a host. Names are looked up once for each connection, and the connection goes to
 * an address that was checked. An address in a URL was listed as such, and is connected to.
 */
export function httpSender(lookup: Lookup = lookupInDns): SendHttp {
  const checked = checkedLookup(lookup)
  return async ({ method, url, headers, body }, signal) => {
    const all = {
      'user-agent': 'glia',
      ...Object.fromEntries(headers),
      'accept-encoding': 'identity',
      // Node frames the body of a DELETE in no way, and the server would take it for another request.
      ...(body && { 'content-length': body.length }),
    }
    const request = url.protocol === 'https:' ? requestHttps : requestHttp
    // Without an agent no connection is used twice, so each one was checked.
    const sent = request(url, { method, headers: all, agent: false, lookup: checked, signal })
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      sent.once('response', resolve)
      sent.on('error', reject)
      // A server that changes the protocol gives no response, and no error.
      sent.once('close', () => reject(new Error('no response')))
      sent.end(body)
    }).catch((thrown: unknown) => {
      signal.throwIfAborted()
      throw unreachable(url, thrown)
    })
    return responseOf(incoming, { method, url }, signal)
  }
}

/** Finds only addresses that a process may connect to. */
function checkedLookup(lookup: Lookup): LookupFunction {
  return (name, options, callback) => {
    lookup(name, { ...options, all: true }, (error, found) => {
      const addresses = typeof found === 'string' ? [{ address: found, family: 0 }] : (found ?? [])
      const allowed = addresses.filter(({ address }) => mayConnect(name, address))
      const [first] = allowed
      if (error) callback(error, '')
      else if (!first) callback(notPublic(name), '')
      else if (options.all) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}

function responseOf(
  incoming: IncomingMessage,
  { method, url }: Pick<HttpRequest, 'method' | 'url'>,
  signal: AbortSignal,
): HttpResponse {
  const headers = new Headers()
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value)
  }
  const { statusCode: status = 0, statusMessage: statusText = '' } = incoming
  // Without a body there is nothing to decode: to a decoder that looks like a body that was cut off.
  const hasBody = method !== 'HEAD' && !BODILESS.has(status) && headers.get('content-length') !== '0'
  const decoder = hasBody ? DECODERS[headers.get('content-encoding')?.trim().toLowerCase() ?? '']?.() : undefined
  if (decoder) headers.delete('content-length')
  // The end is told by the stream that is read.
  const body = decoder ? pipeline(incoming, decoder, () => undefined) : incoming
  // A body in chunks shows only at its end that it is empty.
  const isEmpty = (): boolean => incoming.complete && decoder?.bytesWritten === 0
  return { status, statusText, headers, body: sourceOf(body, url, signal, isEmpty) }
}

/** @param isEmpty Asked when reading fails: whether there was a whole body without a byte. */
function sourceOf(body: Readable, url: URL, signal: AbortSignal, isEmpty: () => boolean): Source {
  const chunks: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]()
  // The iterator listens only while it is read.
  body.on('error', () => undefined)
  return {
    read: async () => {
      try {
        const { done, value } = await chunks.next()
        return done ? null : value
      } catch (cause) {
        signal.throwIfAborted()
        if (isEmpty()) return null
        throw new GliaError('ERR_RESET', `${url.origin} broke its response off.`, { cause })
      }
    },
    cancel: () => void body.destroy(),
  }
}

function notPublic(name: string): GliaError {
  return new GliaError(
    'ERR_DENIED',
    `${name} leads to no public address. To allow a server in a private network, list its address: http://10.0.0.1:8080.`,
  )
}

function unreachable(url: URL, cause: unknown): unknown {
  if (cause instanceof GliaError) return cause
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no response'
  const why = code === 'ENOTFOUND' ? 'there is no such name' : code
  return new GliaError('ERR_UNREACHABLE', `${url.origin} gives no answer: ${why}.`, { cause })
}
