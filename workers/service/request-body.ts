import { concat } from '../../src/glia/stream/concat.ts'
import { INLINE_BYTES } from '../../src/calls/protocol.ts'

/**
 * Time that the start of a body has to arrive, in ms. It is enough for a body in memory, and too short to notice for
 * one that trickles.
 */
const INLINE_MS = 3

export interface StartedBody {
  first: Uint8Array<ArrayBuffer> | null
  /** Whether `first` is the whole body. */
  complete: boolean
  /** The rest of the body; null if there is none. */
  rest: ReadableStreamDefaultReader<Uint8Array> | null
}

/**
 * Reads the part of a request's body that is there at once, up to a size. A small body is then sent with the call
 * itself.
 */
export async function startBody(request: Request): Promise<StartedBody> {
  if (request.method === 'GET' || request.method === 'HEAD') return { first: null, complete: true, rest: null }
  // Firefox (ESR 153) has no Request.body, so the body is read whole.
  const { body }: { body?: Request['body'] } = request
  const stream = body === undefined ? new Response(await request.arrayBuffer()).body : body
  if (!stream) return { first: null, complete: true, rest: null }
  return startReading(stream.getReader(), request.signal)
}

async function startReading(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  signal: AbortSignal,
): Promise<StartedBody> {
  const chunks: Uint8Array[] = []
  let size = 0
  const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), INLINE_MS))
  for (;;) {
    const reading = reader.read()
    const next = await Promise.race([reading, late])
    if (!next) return { first: concat(chunks), complete: false, rest: resume(reader, reading, signal) }
    if (next.done) {
      throwIfTruncated(signal)
      return { first: concat(chunks), complete: true, rest: null }
    }
    chunks.push(next.value)
    size += next.value.length
    if (size >= INLINE_BYTES)
      return { first: concat(chunks), complete: false, rest: resume(reader, reader.read(), signal) }
  }
}

/** A reader whose first read is under way already. */
function resume(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  pending: Promise<ReadableStreamReadResult<Uint8Array>>,
  signal: AbortSignal,
): ReadableStreamDefaultReader<Uint8Array> {
  let next: Promise<ReadableStreamReadResult<Uint8Array>> | undefined = pending
  // A failure is for whoever reads on. That may be later.
  pending.catch(() => undefined)
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const result = await (next ?? reader.read())
        next = undefined
        if (!result.done) return controller.enqueue(result.value)
        throwIfTruncated(signal)
        controller.close()
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  ).getReader()
}

/** Chromium 156 ends the body of an aborted upload as if it were complete. */
function throwIfTruncated(signal: AbortSignal): void {
  if (signal.aborted) throw new DOMException('The request was aborted.', 'AbortError')
}
