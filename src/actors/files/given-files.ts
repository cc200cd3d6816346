import { concat } from '../../glia/stream/concat.ts'
import { GliaError, toGliaError } from '../../glia/errors.ts'
import { fields } from '../../glia/untrusted.ts'
import { mib } from '../module/cap-memory.ts'
import { type FileContent, isContent, noFiles } from './file-content.ts'
import type { FileEntry } from './files-api.ts'
import { givenPath } from './given-path.ts'
import { entriesOfTar } from './tar.ts'

/**
 * Files for a process: a tar archive, gzipped or not; contents by their paths below `/data`; or a list of files, each
 * taken by its name, or unpacked if it is an archive.
 */
export type GivenFiles = Blob | ArrayBuffer | Uint8Array | readonly File[] | Readonly<Record<string, FileContent>>

const ARCHIVE_NAME = /\.(tar|tar\.gz|tgz)$/i
const GZIP_MAGIC = [0x1f, 0x8b]

/**
 * How much larger an archive may be than what a process may keep, since headers take room. An archive of a few bytes
 * may hold a terabyte of zeros.
 */
const ARCHIVE_FACTOR = 8
const ARCHIVE_SLACK = 1024 * 1024

/**
 * Reads given files, and checks everything.
 * @param maxBytes What the process may keep.
 * @throws {GliaError} ERR_BAD_REQUEST that says what is wrong with which file; the reason of the signal.
 */
export async function readGivenFiles(given: GivenFiles, maxBytes: number, signal?: AbortSignal): Promise<FileEntry[]> {
  const maxArchive = ARCHIVE_SLACK + ARCHIVE_FACTOR * maxBytes
  if (isContent(given) && typeof given !== 'string') return readArchive(blobOf(given), maxArchive, signal)
  let entries: FileEntry[] = []
  for (const [name, content] of contentsOf(given)) {
    signal?.throwIfAborted()
    if (Array.isArray(given) && ARCHIVE_NAME.test(name)) {
      entries = entries.concat(await readArchive(blobOf(content), maxArchive, signal))
      continue
    }
    const path = givenPath(name)
    if (path === undefined) throw new GliaError('ERR_BAD_REQUEST', 'A file has no name.')
    const blob = blobOf(content)
    if (blob.size > maxBytes) throw tooLarge(path, maxBytes)
    entries.push({ path, kind: 'file', bytes: await read(blob, path) })
  }
  signal?.throwIfAborted()
  return entries
}

function contentsOf(given: unknown): [name: string, content: FileContent][] {
  const contents = Array.isArray(given)
    ? given.map((file: unknown) => [file instanceof File ? file.name : '', file] as const)
    : Object.entries(fields(given))
  if (typeof given !== 'object' || given === null) throw noFiles()
  return contents.map(([name, content]) => {
    if (!isContent(content)) throw noFiles()
    return [name, content]
  })
}

async function readArchive(blob: Blob, maxBytes: number, signal?: AbortSignal): Promise<FileEntry[]> {
  const start = await read(blob.slice(0, GZIP_MAGIC.length), 'The archive')
  const isPacked = start.length > 0 && GZIP_MAGIC.every((byte, i) => start[i] === byte)
  if (!isPacked && blob.size > maxBytes) throw tooLarge('The archive', maxBytes)
  return entriesOfTar(isPacked ? await unpack(blob, maxBytes, signal) : await read(blob, 'The archive'))
}

async function unpack(blob: Blob, maxBytes: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const reader = blob.stream().pipeThrough(new DecompressionStream('gzip')).getReader()
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for (let { value } = await reader.read(); value; { value } = await reader.read()) {
      signal?.throwIfAborted()
      bytes += value.length
      if (bytes > maxBytes) throw tooLarge('The archive', maxBytes)
      chunks.push(value)
    }
  } catch (thrown) {
    // The rest of its stream is not read, so errors while cancelling are ignored.
    reader.cancel().catch(() => undefined)
    signal?.throwIfAborted()
    if (thrown instanceof GliaError) throw thrown
    throw new GliaError('ERR_BAD_REQUEST', `The archive cannot be unpacked: ${toGliaError(thrown).message}`)
  }
  return concat(chunks)
}

/**
 * @throws {GliaError} ERR_BAD_REQUEST if it cannot be read: a file on the disk may be gone, and a folder has no
 * content.
 */
async function read(blob: Blob, what: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await blob.arrayBuffer())
  } catch (thrown) {
    throw new GliaError(
      'ERR_BAD_REQUEST',
      `${what} could not be read; of a folder, give a tar archive: ${toGliaError(thrown).message}`,
    )
  }
}

/** A copy, unless nobody can change the content. */
function blobOf(content: FileContent): Blob {
  if (content instanceof Blob) return content
  return new Blob([content instanceof Uint8Array ? content.slice() : content])
}

function tooLarge(what: string, maxBytes: number): GliaError {
  return new GliaError('ERR_BAD_REQUEST', `${what} has more than ${mib(maxBytes)}, too much for this process.`)
}
