import { type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { GliaError } from '../glia/errors.ts'
import { EXIT_HEADER } from '../glia/http/http-exit.ts'
import { isPeerId } from '../glia/peer-id.ts'
import { fields } from '../glia/untrusted.ts'
import { readFailure, readFailureTrailer } from './reply-failure.ts'

/** How long a gateway may take to accept a connection, and to answer what is not a call, in ms. It may dial a peer for 15 s first. */
const CONNECT_MS = 10_000
const ANSWER_MS = 20_000
/** Longest answer that is read as a whole, in bytes. */
const MAX_ANSWER_BYTES = 16 * 1024 ** 2
/** The end of a reply that is kept to find the reason of a failure in it, in bytes. */
const TAIL_BYTES = 16 * 1024

/** Asks a gateway for something that it knows itself. @throws {GliaError} what it answers, or ERR_UNREACHABLE if none is there */
export async function askJson(gateway: URL, path: string): Promise<unknown> {
  const request = open(gateway, path, 'GET')
  const late = new GliaError('ERR_DEADLINE', `The gateway at ${gateway.href} does not answer.`)
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

/**
 * Calls a method: sends the message and writes the reply as they come, both at once.
 *
 * @param path of the method, percent-encoded
 * @returns the exit code of the program, where its process counts that code as a success
 * @throws {GliaError} how the call failed
 */
export async function callMethod(gateway: URL, path: string, source: Readable, to: Writable): Promise<number> {
  // So the gateway need not hold a reply back until it knows the exit code.
  const request = open(gateway, path, 'POST', { te: 'trailers' })
  const tail = tailOf(request)
  pipeline(source, request).catch((thrown: Error) => {
    // Anything else than a file that cannot be read is what the reply, or its failure, tells too.
    if (source.errored) request.destroy(thrown)
  })
  const reply = await answerTo(request, gateway)
  try {
    await pipeline(reply, to, { end: false })
  } catch (thrown) {
    if (source.errored) throw source.errored
    throw reply.errored ? (readFailureTrailer(tail()) ?? brokeOff(gateway, thrown)) : thrown
  }
  return Number(reply.trailers[EXIT_HEADER] ?? reply.headers[EXIT_HEADER] ?? 0)
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
    // Also after the answer has begun: then the reply fails too.
    request.on('error', (err) => reject(err instanceof GliaError ? err : unreachable(gateway, err)))
  })
  const { statusCode = 0, headers } = reply
  if (statusCode === 200) return reply
  const failure = readFailure(await textOf(reply).catch(() => ''))
  request.destroy()
  if (failure) throw failure
  const { location } = headers
  throw noGateway(gateway, `with status ${statusCode}${location === undefined ? '' : ` and leads to ${location}`}`)
}

function noGateway({ href }: URL, how: string): GliaError {
  return new GliaError('ERR_UNREACHABLE', `${href} is no gateway of Glia: it answers ${how}.`)
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

function unreachable({ href }: URL, cause: NodeJS.ErrnoException): GliaError {
  const { code = cause.message } = cause
  if (code === 'ECONNRESET') return brokeOff(new URL(href), cause)
  return new GliaError(
    'ERR_UNREACHABLE',
    `No gateway answers at ${href} (${code}). Start one with “npx glia”, or name another one with --gateway URL.`,
    { cause },
  )
}

/** Peer id of a gateway. */
export async function askId(gateway: URL): Promise<string> {
  const { ID: id } = fields(await askJson(gateway, '/info'))
  if (typeof id !== 'string' || !isPeerId(id)) throw noGateway(gateway, 'without a peer id')
  return id
}

function brokeOff({ href }: URL, cause: unknown): GliaError {
  const words = `The gateway at ${href} closed the connection before the reply ended.`
  return new GliaError('ERR_RESET', words, { cause })
}
