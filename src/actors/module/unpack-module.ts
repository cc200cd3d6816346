import { concat } from '../../glia/stream/concat.ts'
import { GliaError } from '../../glia/errors.ts'
import { HEAD_BYTES, type ReadOptions } from './module-source.ts'

/** Largest module that is unpacked, in bytes. A small archive may hold a terabyte of zeros. */
const MAX_UNPACKED = 256 * 1024 * 1024

/** Unpacks a gzipped file. @throws {GliaError} ERR_BAD_MODULE if its content is too large, or it is damaged. */
export async function unpackModule(file: Blob, { signal }: ReadOptions): Promise<Blob> {
  const reader = file.stream().pipeThrough(new DecompressionStream('gzip')).getReader()
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      signal?.throwIfAborted()
      bytes += next.value.length
      if (bytes > MAX_UNPACKED) {
        throw new GliaError(
          'ERR_BAD_MODULE',
          'The packed file is not a module that Glia can run: unpacked it has more than 256 MiB.',
        )
      }
      chunks.push(next.value)
      // For content that is no module, the start is enough.
      if (chunks.length === 1 && next.value[0] !== 0 && bytes >= HEAD_BYTES) break
    }
  } catch (thrown) {
    signal?.throwIfAborted()
    if (thrown instanceof GliaError) throw thrown
    const why = thrown instanceof Error ? thrown.message : String(thrown)
    throw new GliaError('ERR_BAD_MODULE', `The file is packed with gzip and damaged: ${why}`, { cause: thrown })
  } finally {
    // Nothing more of it is read, so errors while cancelling are ignored.
    reader.cancel().catch(() => undefined)
  }
  return new Blob([concat(chunks)], { type: 'application/wasm' })
}
