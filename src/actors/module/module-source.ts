import { GliaError } from '../../glia/errors.ts'

/** Shortest time between two words on how far it is, in ms. */
const PROGRESS_MS = 50

/** A file up to this size is read in one go: each part of it is a trip to another process of the browser. In bytes. */
const WHOLE_BYTES = 256 * 1024

/** Enough of a file to tell what it is, in bytes. */
export const HEAD_BYTES = 512

/** A module as people and scripts give it. */
export type ModuleSource = Blob | Uint8Array<ArrayBuffer>

export interface ReadOptions {
  signal?: AbortSignal | undefined
  /** Told now and then, and when all of it is read. */
  onProgress?: ((doneBytes: number) => void) | undefined
}

/**
 * Reads a whole file. A file that is much too large to be a module is refused by its first bytes, before it is read.
 * @throws {GliaError} ERR_BAD_MODULE if the file cannot be read; the signal's reason.
 */
export async function readFile(file: Blob, { signal, onProgress }: ReadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  try {
    if (file.size <= WHOLE_BYTES) {
      const whole = new Uint8Array(await file.arrayBuffer())
      onProgress?.(whole.length)
      return whole
    }
    const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer())
    // inspectModule says what is wrong with it: the first bytes are enough for that.
    if (head[0] !== 0 || head[1] !== 0x61) return head
    const bytes = new Uint8Array(file.size)
    let at = 0
    let toldAt = -Infinity
    const reader = file.stream().getReader()
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        signal?.throwIfAborted()
        bytes.set(next.value, at)
        at += next.value.length
        const now = performance.now()
        if (at < file.size && now - toldAt < PROGRESS_MS) continue
        toldAt = now
        onProgress?.(at)
      }
    } finally {
      // After an error the rest is not read. At the end this does nothing.
      void reader.cancel().catch(() => undefined)
    }
    return bytes
  } catch (cause) {
    signal?.throwIfAborted()
    const why = cause instanceof Error ? cause.message : String(cause)
    const hint = 'If it is a folder, give the .wasm file that is in it.'
    throw new GliaError('ERR_BAD_MODULE', `The file could not be read: ${why}. ${hint}`, { cause })
  }
}
