import { GliaError } from '../../glia/errors.ts'

/** Shortest time between two reports of progress, in ms. */
const PROGRESS_MS = 50

/**
 * A file up to this size is read at once, in bytes: each part of a file costs a trip to another process of the browser.
 */
const WHOLE_BYTES = 256 * 1024

/** Bytes of a file that tell its kind. */
export const HEAD_BYTES = 512

/** A module as people and scripts give it. */
export type ModuleSource = Blob | Uint8Array<ArrayBuffer>

export interface ReadOptions {
  signal?: AbortSignal | undefined
  /** Called now and then, and at the end. */
  onProgress?: ((doneBytes: number) => void) | undefined
}

/**
 * Reads a whole file. A file that is much too large for a module is refused by its first bytes, before it is read.
 * @throws {GliaError} ERR_BAD_MODULE if the file cannot be read; the reason of the signal.
 */
export async function readFile(file: Blob, { signal, onProgress }: ReadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  try {
    if (file.size <= WHOLE_BYTES) {
      const whole = new Uint8Array(await file.arrayBuffer())
      onProgress?.(whole.length)
      return whole
    }
    const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer())
    // inspectModule says what is wrong. The first bytes are enough for that.
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
      // After an error the rest is not read. At the end this has no effect.
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
