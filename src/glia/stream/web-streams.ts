import { concat } from './concat.ts'
import { GliaError } from '../errors.ts'
import { pump, type Source } from './source.ts'
import type { Stream } from './stream.ts'

/** Writes a whole web stream to a Stream, as {@link pump} does. */
export function pumpInto(
  stream: Stream,
  source: ReadableStream<Uint8Array> | null,
  end?: () => Promise<void>,
): Promise<void> {
  return pump(stream, source && sourceOf(source), end)
}

/** A web stream as a {@link Source}. From now on nobody else can read it. */
export function sourceOf(stream: ReadableStream<Uint8Array>): Source {
  const reader = stream.getReader()
  return {
    read: async () => {
      const next = await reader.read()
      return next.done ? null : next.value
    },
    // A source that has failed rejects with its error, which is on its way already.
    cancel: (reason) => reader.cancel(reason).catch(() => undefined),
  }
}

interface ReadableInit {
  /** A chunk that was already read from the Stream. */
  first?: Uint8Array
  /** Reads the rest. Left out: from the Stream. */
  read?(): Promise<Uint8Array | null>
  cancel?(): Promise<void>
}

/**
 * The reading half of a Stream as a web stream. It ends with the reply. A failure errors it. Cancelling it aborts the
 * call, or does what `cancel` says.
 */
export function readableFrom(
  stream: Pick<Stream, 'read' | 'abort'>,
  { first, read = () => stream.read(), cancel }: ReadableInit = {},
): ReadableStream<Uint8Array> {
  const giveUp = (reason: unknown): void =>
    stream.abort(new GliaError('ERR_ABORTED', 'The caller gave up.', { cause: reason }))
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (first) controller.enqueue(first)
      },
      async pull(controller) {
        const chunk = await read()
        if (chunk === null) controller.close()
        else controller.enqueue(chunk)
      },
      cancel: cancel ?? giveUp,
    },
    { highWaterMark: 0 },
  )
}

/** All remaining bytes as one array. */
export async function readAll(stream: Pick<Stream, 'read'>): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) chunks.push(chunk)
  return concat(chunks)
}
