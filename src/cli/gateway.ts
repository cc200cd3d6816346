import { type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { GliaError } from '../glia/errors.ts'
import { parseFailure } from '../glia/failure.ts'
import { EXIT_HEADER } from '../glia/http/http-exit.ts'
import { KEY_HEADER } from '../glia/http/request-key.ts'
import { isPeerId } from '../glia/peer-id.ts'
import { fields } from '../glia/untrusted.ts'
import { UsageError } from '../node/option-values.ts'
import { readFailureTrailer } from './reply-failure.ts'

/** How long a gateway may take to accept a connection, and to answer what is not a call, in ms. It may dial a peer for 15 s first. */
const CONNECT_MS = 10_000
const ANSWER_MS = 20_000
/** Longest answer that is read as a whole, in bytes. */
const MAX_ANSWER_BYTES = 16 * 1024 ** 2
/** What a process may say is bytes. Pages of other servers are not. */
const REPLY_TYPE = 'application/octet-stream'
/** The end of a reply that is kept to find the reason of a failure in it, in bytes. */
const TAIL_BYTES = 16 * 1024

/** Asks a gateway for something that it knows itself. @throws {GliaError} what it answers, or ERR_UNREACHABLE if none is there */
export async function askJson(gateway: URL, path: string): Promise<unknown> {
  const request = open(gateway, path, 'GET')
  const late = new GliaError('ERR_DEADLINE', `The gateway at ${nameOf(gateway)} does not answer.`)
  const timer = setTimeout(() => request.destroy(late), ANSWER_MS)
  try {
    request.end()
    return JSON.parse(await textOf(await answerTo(request, gateway)))
  } catch (thrown) {
    if (thrown instanceof GliaError) throw thrown
    throw thrown instanceof SyntaxError
      ? noGateway(gateway, 'with something else than JSON')
      : brokeOff(gateway, thrown)
  } finally {
    clearTimeout(timer)
  }
}

/** A message, and its length in bytes if that is known before it is read. */
export interface OutgoingMessage {
  /** They end with a {@link UsageError} if the message cannot be read. */
  readonly chunks: AsyncGenerator<Uint8Array>
  readonly bytes?: number
}

/**
 * Calls a method: sends the message and writes the reply as they come, both at once.
 *
 * @param path of the method, percent-encoded
 * @param options.to gets the reply
 * @param options.key makes calls with the same key one call
 * @returns the exit code of the program, where its process counts that code as a success
 * @throws {GliaError} how the call failed
 */
export async function callMethod(
  gateway: URL,
  path: string,
  { chunks, bytes }: OutgoingMessage,
  { to, key }: { to: Writable; key?: string | undefined },
): Promise<number> {
  // The first byte may come late, and a gateway soon closes a connection over which nothing comes.
  const first = await chunks.next()
  // So the gateway need not hold a reply back until it knows the exit code.
  const request = open(gateway, path, 'POST', {
    te: 'trailers',
    ...(bytes !== undefined && { 'content-length': bytes }),
    // Of printable ASCII, JSON and the strings of RFC 8941 are the same.
    ...(key !== undefined && { [KEY_HEADER]: JSON.stringify(key) }),
  })
  const tail = tailOf(request)
  let unread: unknown
  pipeline(startingWith(first, chunks), request).catch((thrown: Error) => {
    // The reply, or its failure, tells all else.
    if (!(thrown instanceof UsageError)) return
    unread = thrown
    request.destroy(thrown)
  })
  const reply = await answerTo(request, gateway).catch((thrown: unknown) => {
    throw unread ?? thrown
  })
  const type = reply.headers['content-type'] ?? 'bytes without a type'
  if (type !== REPLY_TYPE) {
    request.destroy()
    throw noGateway(gateway, `with ${type}`)
  }
  try {
    await pipeline(reply, to, { end: false })
  } catch (thrown) {
    if (unread !== undefined) throw unread
    throw reply.errored ? (readFailureTrailer(tail()) ?? brokeOff(gateway, thrown)) : thrown
  }
  return Number(reply.trailers[EXIT_HEADER] ?? reply.headers[EXIT_HEADER] ?? 0)
}

async function* startingWith<T>(first: IteratorResult<T>, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  if (first.done === true) return
  yield first.value
  yield* rest
}

function open(gateway: URL, path: string, method: string, headers: OutgoingHttpHeaders = {}): ClientRequest {
  const send = gateway.protocol === 'https:' ? requestHttps : requestHttp
  const request = send(new URL(path.replace(/^\//, ''), gateway), { method, headers, agent: false })
  const late = Object.assign(new Error('late'), { code: 'ETIMEDOUT' })
  const timer = setTimeout(() => request.destroy(late), CONNECT_MS)
  const stop = (): void => clearTimeout(timer)
  request.once('close', stop).once('socket', (socket) => socket.once('connect', stop))
  return request
}

/** Waits for the head of an answer that is a success. */
async function answerTo(request: ClientRequest, gateway: URL): Promise<IncomingMessage> {
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve)
    // Without an error Node closes the connection of an answer that it does not understand (101).
    request.once('close', () => reject(brokeOff(gateway, undefined)))
    // Also after the answer has begun: then the reply fails too.
    request.on('error', (err) => reject(err instanceof GliaError ? err : unreachable(gateway, err)))
  })
  const { statusCode = 0, headers } = reply
  if (statusCode === 200) return reply
  const failure = parseFailure(await textOf(reply).catch(() => ''))
  request.destroy()
  if (failure) throw failure
  const { location } = headers
  throw noGateway(gateway, `with status ${statusCode}${location === undefined ? '' : ` and leads to ${location}`}`)
}

export function noGateway(gateway: URL, how: string, cause?: unknown): GliaError {
  return new GliaError('ERR_UNREACHABLE', `${nameOf(gateway)} is no gateway of Glia: it answers ${how}.`, { cause })
}

async function textOf(reply: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of reply as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) throw new GliaError('ERR_REPLY_TOO_LARGE', 'The answer of the gateway is too large.')
  }
  return Buffer.concat(chunks).toString()
}

/** Keeps the end of what comes over the connection of a request. Node gives no trailers of a reply that breaks off. */
function tailOf(request: ClientRequest): () => string {
  let tail: Buffer = Buffer.alloc(0)
  request.once('socket', (socket) => {
    socket.on('data', (chunk: Buffer) => {
      tail =
        chunk.length < TAIL_BYTES ? Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES) : chunk.subarray(-TAIL_BYTES)
    })
  })
  return () => tail.toString('latin1')
}

function unreachable(gateway: URL, cause: NodeJS.ErrnoException): GliaError {
  const { code = cause.message } = cause
  if (code === 'ECONNRESET') return brokeOff(gateway, cause)
  if (code.startsWith('HPE_')) return noGateway(gateway, 'with something else than HTTP', cause)
  return new GliaError(
    'ERR_UNREACHABLE',
    `No gateway answers at ${nameOf(gateway)} (${code}). Start one with “npx glia”, or name another one with --gateway URL.`,
    { cause },
  )
}

/** Asks a gateway for a list. */
export async function askList(gateway: URL, path: string): Promise<unknown[]> {
  const found = await askJson(gateway, path)
  if (!Array.isArray(found)) throw noGateway(gateway, 'without a list')
  return found
}

/** Who a gateway is: its peer id, and what else it says. */
export async function askInfo(gateway: URL): Promise<{ ID: string }> {
  const info = fields(await askJson(gateway, '/info'))
  const { ID } = info
  if (typeof ID !== 'string' || !isPeerId(ID)) throw noGateway(gateway, 'without a peer id')
  return { ...info, ID }
}

/** Its URL without a password. */
function nameOf({ origin, pathname }: URL): string {
  return origin + pathname
}

function brokeOff(gateway: URL, cause: unknown): GliaError {
  const words = `The gateway at ${nameOf(gateway)} closed the connection before the reply ended.`
  return new GliaError('ERR_RESET', words, { cause })
}
