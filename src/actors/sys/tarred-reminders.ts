import { createTarDecoder, packTar } from 'modern-tar'
import { GliaError, toGliaError } from '../../glia/errors.ts'
import { fields } from '../../glia/untrusted.ts'
import { type FiledReminder, MAX_OF_ONE, MAX_REMINDER_BYTES, readReminders } from './check-reminder.ts'

/**
 * The name of the reminders in a tar that `sys/export` gives: a record of the extended header (POSIX pax) of the packed
 * folder itself. Other programs leave it out, and unpack the files.
 */
const RECORD = 'GLIA.reminders'
/** The end of a tar: two blocks of zeros. */
const END_BYTES = 1024
const GZIP_MAGIC = [0x1f, 0x8b]
/** Most bytes of an archive that are read for its first header: base64 takes a third more. */
const MAX_HEADER_BYTES = MAX_OF_ONE * (MAX_REMINDER_BYTES * 1.4 + 8192)

/** Puts reminders before the files of a tar. */
export async function withReminders(tar: Blob, reminders: readonly FiledReminder[]): Promise<Blob> {
  if (reminders.length === 0) return tar
  const text = JSON.stringify(reminders.map(({ body, ...reminder }) => ({ ...reminder, body: toBase64(body) })))
  const folder = { name: './', size: 0, type: 'directory', mode: 0o755, pax: { [RECORD]: text } } as const
  const packed = await packTar([{ header: folder }])
  return new Blob([packed.subarray(0, -END_BYTES), tar], { type: tar.type })
}

/**
 * The reminders in a tar, which may be gzipped. None if it has none, or is no tar: who reads its files says so.
 * @throws {GliaError} ERR_BAD_REQUEST if they are wrong
 */
export async function remindersOf(archive: Blob): Promise<FiledReminder[]> {
  const text = await firstRecord(archive)
  if (text === undefined) return []
  try {
    const given: unknown = JSON.parse(text)
    return readReminders(Array.isArray(given) ? given.map(withBytes) : given)
  } catch (thrown) {
    if (thrown instanceof GliaError) throw thrown
    throw new GliaError('ERR_BAD_REQUEST', `The reminders in the archive are damaged: ${toGliaError(thrown).message}`)
  }
}

async function firstRecord(archive: Blob): Promise<string | undefined> {
  const start = new Uint8Array(await archive.slice(0, GZIP_MAGIC.length).arrayBuffer())
  const isPacked = GZIP_MAGIC.every((byte, i) => start[i] === byte)
  const plain = isPacked ? archive.stream().pipeThrough(new DecompressionStream('gzip')) : archive.stream()
  const entries = plain.pipeThrough(limited(MAX_HEADER_BYTES)).pipeThrough(createTarDecoder()).getReader()
  try {
    const { value } = await entries.read()
    return value?.header.pax?.[RECORD]
  } catch {
    // It is no tar, or begins with another long header.
    return undefined
  } finally {
    entries.cancel().catch(() => undefined)
  }
}

/** Fails after so many bytes: some bytes of an archive may hold terabytes. */
function limited(maxBytes: number): TransformStream<Uint8Array, Uint8Array<ArrayBuffer>> {
  let bytes = 0
  return new TransformStream({
    transform(chunk, to) {
      bytes += chunk.length
      if (bytes > maxBytes) to.error(new Error('It is too long.'))
      else to.enqueue(chunk.slice())
    },
  })
}

function withBytes(value: unknown): unknown {
  const { body, ...reminder } = fields(value)
  return { ...reminder, body: typeof body === 'string' ? fromBase64(body) : body }
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

/** @throws {DOMException} if it is none */
function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}
