import { toGliaError } from '../errors.ts'
import type { Stream } from './stream.ts'

/** Bytes that come piece by piece: a web stream, or a body as a server has it. */
export interface Source {
  /** The next bytes; null at the end. */
  read(): Promise<Uint8Array | null>
  /** Nobody wants the rest. Never rejects. */
  cancel(reason: unknown): void | Promise<void>
}

/**
 * Writes all of a source to a Stream and half-closes it. A source that fails aborts the Stream. Never rejects.
 * @param end Called at the end of the source instead.
 */
export async function pump(
  stream: Stream,
  source: Source | null,
  end = (): Promise<void> => stream.closeWrite(),
): Promise<void> {
  let isReading = false
  try {
    for (;;) {
      isReading = true
      const chunk = source && (await source.read())
      isReading = false
      if (chunk === null) break
      await stream.write(chunk)
    }
    await end()
  } catch (thrown) {
    const error = toGliaError(thrown, 'ERR_ABORTED')
    await source?.cancel(error)
    // Writes also fail when the other side has all it wants (ERR_NO_READER): its reply stands.
    if (isReading || error.code !== 'ERR_NO_READER') stream.abort(error)
  }
}
