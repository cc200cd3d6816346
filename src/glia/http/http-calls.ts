import { type CallContext, NO_CONTEXT } from '../call-context.ts'
import { GliaError } from '../errors.ts'
import { acceptsExit, EXIT_HEADER, ProgramReply, readsTrailers } from './http-exit.ts'
import { cut, readKey } from '../instance-key.ts'
import { keyedLoader } from './load-keyed.ts'
import { API_HEADERS } from './refuse.ts'
import { readRequestAge, readRequestKey } from './request-key.ts'
import type { Router } from '../router.ts'
import { pump, type Source } from '../stream/source.ts'
import type { Stream } from '../stream/stream.ts'
import type { StreamInit } from '../stream/stream-pair.ts'
import { traceOf } from '../trace-context.ts'

/** The headers of a request. */
export interface RequestHeaders {
  /** A header, by its name in lower case; null if there is none. */
  get(name: string): string | null
}

/** A request to call a method, whatever it came as: a `Request`, or the objects of a server. */
export interface CallRequest {
  /** The path of the method, percent-encoded. */
  readonly path: string
  /** The text after the question mark; empty if there is none. */
  readonly query: string
  readonly headers: RequestHeaders
  readonly body: Source | null
  /** Calls back when the caller gives up, or is lost: at once if it is gone. An AbortSignal takes too long to make. */
  readonly onGone: (callback: (reason: unknown) => void) => void
}

/** The facts about a call that its request does not tell. */
export interface CallerOptions {
  /** Who is calling: a peer id, or 'browser', the default. */
  caller?: string | undefined
  /** See `Stream.via`. */
  via?: StreamInit['via']
  /** The owner of the `Idempotency-Key`: a page. Left out: the client, or else the caller. */
  keyOwner?: string | undefined
  /**
   * Length of the body, if something other than Content-Length tells it (browsers strip that header from a Request).
   */
  bodyBytes?: number | undefined
  /** The client for which the caller calls, if it has several ({@link CallContext.client}). */
  client?: string | undefined
  /** The calls for which this one is made, if it comes from another tab of this browser. */
  context?: CallContext | undefined
  /** Whether the caller asks for the exit. Then every exit code ends the body as 0 does. */
  tellsExit?: boolean | undefined
}

/** The reply of a method: its status is 200, and its body what the method wrote. */
export interface CallReply {
  readonly headers: Readonly<Record<string, string>>
  /** The first bytes of the body; null if it is empty. */
  readonly first: Uint8Array | null
  /** The bytes after the first; null at the end. @throws {GliaError} why the body is not whole. */
  read(): Promise<Uint8Array | null>
  /** Nobody wants the rest. */
  abort(reason: Error): void
  /** Resolves when the body has ended: how the program exited, undefined for code 0. */
  readonly ended: Promise<GliaError | undefined>
}

/** The calls of methods over HTTP: everything between a request and its reply that is not HTTP itself. */
export class HttpCalls {
  readonly #router: Router
  readonly #keyed = keyedLoader()

  constructor(router: Router) {
    this.#router = router
  }

  /** Makes a call. Resolves when its reply begins. @throws {GliaError} why there is none. */
  async deliver(request: CallRequest, options: CallerOptions): Promise<CallReply> {
    const router = this.#router
    const exitIsOk = acceptsExit(request.query)
    const key = readRequestKey(request.headers)
    const path = withKey(decoded(request.path), request.query)
    const caller = new Caller(request)
    if (caller.isGone) throw gaveUp()
    const address = await router.resolve(path, caller)
    const init = streamInitOf(request, options)
    if (key !== undefined) {
      if (address.host !== router.aliases.self) init.key = key
      else if ((readRequestAge(request.headers) ?? 0) > performance.now()) throw mayHaveRun()
    }
    const open = (): Stream => router.open(address, init)
    const keyOwner = options.keyOwner ?? options.client ?? options.caller ?? 'browser'
    const call =
      key === undefined
        ? callOnce(open(), request.body, caller)
        : await (
            await this.#keyed()
          ).take({ owner: keyOwner, key, path }, { body: request.body, signal: caller.signal }, open)
    const reply = new ProgramReply(call, exitIsOk || options.tellsExit === true)
    // The exit code is known only at the end. For a client that reads no trailers it belongs into the head.
    const hasEnded = (exitIsOk || router.hasOkExits(address)) && !readsTrailers(request.headers) && (await reply.hold())
    // The head waits for the first byte or the end of the reply, so that a failure until then has its own status.
    const first = await reply.read()
    const exit = hasEnded || first === null ? await reply.ended : undefined
    const code = exit?.exitCode ?? (hasEnded ? 0 : undefined)
    const trace = init.context?.trace
    return {
      headers: {
        ...API_HEADERS,
        'content-type': 'application/octet-stream',
        ...(code !== undefined && { [EXIT_HEADER]: String(code) }),
        ...(trace !== undefined && { traceparent: trace }),
      },
      first,
      read: () => reply.read(),
      abort: (reason) => call.abort(reason),
      ended: reply.ended,
    }
  }
}

/** The request was sent first before this peer began, which knows no call from before. */
function mayHaveRun(): GliaError {
  return new GliaError(
    'ERR_REPLY_GONE',
    'The peer was started anew after the call was sent first. So the call may have run, and its reply is not kept.',
  )
}

function streamInitOf(request: CallRequest, options: CallerOptions): StreamInit {
  const { caller = 'browser', via, context = NO_CONTEXT, client = context.client } = options
  const trace = context.trace ?? traceOf(request.headers.get('traceparent'))
  const isPlain = client === context.client && trace === context.trace
  return {
    caller,
    via,
    expectedBytes: options.bodyBytes ?? lengthOf(request),
    context: isPlain ? context : { ...context, client, trace },
  }
}

/** Sends the message of a call that belongs to this request alone. @returns the call. */
function callOnce(stream: Stream, body: Source | null, caller: Caller): Stream {
  caller.whenGone((reason) => stream.abort(isGivenUp(reason) ? reason : gaveUp()))
  void pump(stream, body)
  return stream
}

/** The caller of a request. */
class Caller {
  isGone = false
  #reason: unknown
  #aborter: AbortController | undefined
  #whenGone: ((reason: unknown) => void) | undefined

  constructor({ onGone }: CallRequest) {
    onGone((reason) => {
      this.isGone = true
      this.#reason = reason
      this.#aborter?.abort(reason)
      this.#whenGone?.(reason)
    })
  }

  /** Aborts when the caller is gone. It is made on its first use. */
  get signal(): AbortSignal {
    if (!this.#aborter) {
      this.#aborter = new AbortController()
      if (this.isGone) this.#aborter.abort(this.#reason)
    }
    return this.#aborter.signal
  }

  /** Sets the only function that is called when the caller is gone: at once if it is. */
  whenGone(callback: (reason: unknown) => void): void {
    this.#whenGone = callback
    if (this.isGone) callback(this.#reason)
  }
}

/** Whether the caller says that it gave up. Otherwise it was lost. */
function isGivenUp(reason: unknown): reason is GliaError {
  return reason instanceof GliaError && reason.code === 'ERR_ABORTED'
}

function gaveUp(): GliaError {
  return new GliaError('ERR_ABORTED', 'The caller gave up.')
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch (cause) {
    throw new GliaError('ERR_BAD_ADDRESS', `“${path}” is not valid percent-encoding.`, { cause })
  }
}

/** `key`, of which each letter may be percent-encoded. */
const KEY_NAME = /^(?:k|%6[bB])(?:e|%65)(?:y|%79)$/

/** The path with the key of the query, `?key=…`, behind its process, where an address has it. */
function withKey(path: string, query: string): string {
  if (query === '') return path
  const [key, other] = query.split('&').flatMap((part) => {
    const [name = '', ...value] = part.split('=')
    return KEY_NAME.test(name) ? decoded(value.join('=').replaceAll('+', ' ')) : []
  })
  if (key === undefined) return path
  const parts = path.split('/')
  const proc = parts[4] ?? ''
  if (other !== undefined || cut(proc)[1] !== undefined) {
    throw new GliaError('ERR_BAD_ADDRESS', 'The address has two keys: give one, in the path or as ?key=….')
  }
  parts[4] = `${proc}:${readKey(key)}`
  return parts.join('/')
}

function lengthOf(request: CallRequest): number | undefined {
  const header = request.headers.get('content-length')
  return header !== null && /^\d{1,15}$/.test(header) ? Number(header) : undefined
}
