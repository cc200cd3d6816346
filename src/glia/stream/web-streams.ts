import { concat } from './concat.ts'
import { GliaError, toGliaError } from '../errors.ts'
import type { Stream } from './stream.ts'

/**
 * Writes a whole web stream to a Stream and half-closes it. A source that fails aborts the Stream. Never rejects.
 * @param end Called at the end of the source instead.
 */
export async function pumpInto(
  stream: Stream,
  source: ReadableStream<Uint8Array> | null,
  end = () => stream.closeWrite(),
): Promise<void> {
  const reader = source?.getReader()
  let isReading = false
  try {
    for (;;) {
      isReading = true
      const chunk = await reader?.read()
      isReading = false
      if (chunk === undefined || chunk.done) break
      await stream.write(chunk.value)
    }
    await end()
  } catch (thrown) {
    const error = toGliaError(thrown, 'ERR_ABORTED')
    await drop(reader, error)
    // Writes also fail when the other side has all it wants (ERR_NO_READER): its reply stands.
    if (isReading || error.code !== 'ERR_NO_READER') stream.abort(error)
  }
}

async function drop(reader: ReadableStreamDefaultReader<Uint8Array> | undefined, error: GliaError): Promise<void> {
  try {
    await reader?.cancel(error)
  } catch {
    // The source failed, and its error is on its way already.
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
