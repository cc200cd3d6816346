import type { Address } from '../address.ts'
import { formatAddress } from '../address.ts'
import type { CallContext } from '../call-context.ts'
import { GliaError, toGliaError } from '../errors.ts'
import { parseFailure } from '../failure.ts'
import type { Stream } from '../stream/stream.ts'
import { type StreamInit, streamPair } from '../stream/stream-pair.ts'
import { pumpInto, readableFrom } from '../stream/web-streams.ts'

/** An HTTP request for the API of another peer. */
export interface ExchangeRequest {
  path: string
  body: ReadableStream<Uint8Array>
  signal: AbortSignal
  context: CallContext
  /** Bytes of the body, if they are known. */
  bodyBytes?: number | undefined
  /** See `Stream.key`. */
  key?: string | undefined
}

export interface ExchangeResponse {
  status: number
  body: ReadableStream<Uint8Array> | null
  /** How the program exited, if the exchange tells it. Resolves when the body has ended. */
  exit?: Promise<GliaError | undefined> | undefined
}

/** Sends a request to a peer's HTTP API in any way, and streams both bodies at once. */
export type Exchange = (request: ExchangeRequest) => Promise<ExchangeResponse>

/**
 * A Stream over the HTTP API of another peer. It is returned at once. Any failure aborts it, with the error that the
 * other side named, or with ERR_UNREACHABLE.
 */
export function openOverHttp(
  address: Address,
  exchange: Exchange,
  init: Pick<StreamInit, 'context' | 'expectedBytes' | 'key'> = {},
): Stream {
  const [caller, remote] = streamPair(address, { ...init, caller: 'browser' })
  void answer(remote, address, exchange)
  return caller
}

async function answer(remote: Stream, address: Address, exchange: Exchange): Promise<void> {
  try {
    // An exchange may drop the rest of the request because the reply is whole. That must not abort the reply.
    const body = readableFrom(remote, { cancel: () => remote.closeRead() })
    const { signal, context, expectedBytes: bodyBytes, key } = remote
    const response = await exchange({ path: encoded(address), body, signal, context, bodyBytes, key })
    if (response.status !== 200) throw await readError(response, address.host)
    await pumpInto(remote, response.body, async () => {
      const exit = await response.exit
      if (exit && remote.closeWithExit) remote.closeWithExit(exit)
      else await remote.closeWrite()
    })
    // The reply is whole, so nobody needs the rest of the request.
    await remote.closeRead()
  } catch (thrown) {
    remote.abort(toGliaError(thrown, 'ERR_UNREACHABLE'))
  }
}

/** The path of a method. A name may have characters that end a path, and others that look encoded. */
function encoded(address: Address): string {
  return formatAddress(address).split('/').map(encodeURIComponent).join('/')
}

/** The typed error in a response of the API of a peer. */
async function readError({ status, body }: ExchangeResponse, peer: string): Promise<GliaError> {
  const text = await new Response(body).text()
  const error = parseFailure(text) ?? new GliaError('ERR_UNREACHABLE', `The peer answered with HTTP status ${status}.`)
  error.peer ??= peer
  return error
}
