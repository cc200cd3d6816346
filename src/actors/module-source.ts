import { concat } from '../glia/concat.ts'
import { GliaError } from '../glia/errors.ts'
import { HEAD_BYTES } from './file-kind.ts'

/** Shortest time between two words on how far it is, in ms. */
const PROGRESS_MS = 50

/** A file up to this size is read in one go: each part of it is a trip to another process of the browser. In bytes. */
const WHOLE_BYTES = 256 * 1024

/** A module as people and scripts give it. */
export type ModuleSource = Blob | Uint8Array<ArrayBuffer>

export interface ReadOptions {
  signal?: AbortSignal | undefined
  /** Told now and then, and when all of it is read. */
  onProgress?: ((doneBytes: number) => void) | undefined
}

/** Largest module that is unpacked, in bytes: a small archive may hold a terabyte of zeros. */
const MAX_UNPACKED = 256 * 1024 * 1024
const GZIP_MAGIC = [0x1f, 0x8b]

/** Bytes of a module. */
export interface FileBytes {
  bytes: Uint8Array<ArrayBuffer>
  /** They were packed with gzip in the file. */
  unpacked: boolean
}

/**
 * Reads a whole file, and unpacks one that is packed with gzip. A file that is much too large to be a module is refused by its first
 * bytes, before it is read.
 * @throws {GliaError} ERR_BAD_MODULE if the file cannot be read; the signal's reason.
 */
export async function readFile(file: Blob, options: ReadOptions = {}): Promise<FileBytes> {
  const { signal, onProgress } = options
  try {
    const isSmall = file.size <= WHOLE_BYTES
    const head = new Uint8Array(await (isSmall ? file : file.slice(0, HEAD_BYTES)).arrayBuffer())
    const unpacked = GZIP_MAGIC.every((byte, i) => head[i] === byte)
    if (unpacked) return { bytes: await unpack(file, options), unpacked }
    if (isSmall) {
      onProgress?.(head.length)
      return { bytes: head, unpacked }
    }
    // inspectModule says what is wrong with it: the first bytes are enough for that.
    if (head[0] !== 0 || head[1] !== 0x61) return { bytes: head, unpacked }
    return { bytes: await readParts(file, options), unpacked }
  } catch (cause) {
    signal?.throwIfAborted()
    if (cause instanceof GliaError) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    const name = file instanceof File ? file.name : 'The file'
    throw new GliaError(
      'ERR_BAD_MODULE',
      `${name} could not be read: ${why.replace(/\.$/, '')}. If it is a folder, give the .wasm file that is in it.`,
      { cause },
    )
  }
}

async function readParts(file: Blob, { signal, onProgress }: ReadOptions): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(file.size)
  let at = 0
  let toldAt = -Infinity
  const reader = file.stream().getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    signal?.throwIfAborted()
    bytes.set(next.value, at)
    at += next.value.length
    const now = performance.now()
    if (at < file.size && now - toldAt < PROGRESS_MS) continue
    toldAt = now
    onProgress?.(at)
  }
  return bytes
}

/** @throws {GliaError} ERR_BAD_MODULE if there is too much in it, or it is damaged. */
async function unpack(file: Blob, { signal, onProgress }: ReadOptions): Promise<Uint8Array<ArrayBuffer>> {
  const reader = file.stream().pipeThrough(new DecompressionStream('gzip')).getReader()
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      signal?.throwIfAborted()
      bytes += next.value.length
      if (bytes > MAX_UNPACKED)
        throw new GliaError('ERR_BAD_MODULE', 'What is packed in the file is no module: it has more than 256 MiB.')
      chunks.push(next.value)
      // Of something that is no module, the start is enough.
      if (chunks.length === 1 && next.value[0] !== 0 && bytes >= HEAD_BYTES) break
    }
  } catch (thrown) {
    if (thrown instanceof GliaError || signal?.aborted) throw thrown
    const why = thrown instanceof Error ? thrown.message : String(thrown)
    throw new GliaError('ERR_BAD_MODULE', `The file is packed with gzip and damaged: ${why}`, { cause: thrown })
  } finally {
    // Nothing more of it is read; what comes of that is no news.
    reader.cancel().catch(() => undefined)
  }
  onProgress?.(file.size)
  return concat(chunks)
}
