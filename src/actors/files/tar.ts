import { packTar, type TarEntry, unpackTar } from 'modern-tar'
import { GliaError, toGliaError } from '../../glia/errors.ts'
import type { FileEntry } from './files-api.ts'
import { givenPath } from './given-path.ts'

/** @param at Time of change of all entries, in ms since the epoch. */
export async function tarOf(entries: readonly FileEntry[], at: number): Promise<Blob> {
  const mtime = new Date(at)
  const packed = await packTar(entries.map((entry) => tarEntry(entry, mtime)))
  return new Blob([packed], { type: 'application/x-tar' })
}

function tarEntry(entry: FileEntry, mtime: Date): TarEntry {
  const header = { name: entry.path, size: 0, mtime, mode: 0o644 }
  if (entry.kind === 'directory')
    return { header: { ...header, name: `${entry.path}/`, type: 'directory', mode: 0o755 } }
  if (entry.kind === 'link') return { header: { ...header, type: 'symlink', linkname: entry.target } }
  return { header: { ...header, type: 'file', size: entry.bytes.length }, body: entry.bytes }
}

/**
 * The entries of a tar archive of POSIX (ustar, pax) or GNU. Another name for a file becomes a file of its own.
 * @throws {GliaError} ERR_BAD_REQUEST if it is no archive, or has entries that no process keeps.
 */
export async function entriesOfTar(archive: Uint8Array): Promise<FileEntry[]> {
  const unpacked = await unpackTar(archive, { strict: true }).catch((thrown: unknown) => {
    throw new GliaError('ERR_BAD_REQUEST', `This is not a whole tar archive: ${toGliaError(thrown).message}`)
  })
  const entries = new Map<string, FileEntry>()
  for (const { header, data = new Uint8Array() } of unpacked) {
    const path = givenPath(header.name)
    // The entry of the packed folder itself.
    if (path === undefined) continue
    entries.set(path, entryOf(path, header, data, entries))
  }
  return [...entries.values()]
}

function entryOf(
  path: string,
  { type, linkname = '' }: { type?: string; linkname?: string },
  bytes: Uint8Array<ArrayBuffer>,
  before: ReadonlyMap<string, FileEntry>,
): FileEntry {
  if (type === 'file') return { path, kind: 'file', bytes }
  if (type === 'directory') return { path, kind: 'directory' }
  if (type === 'symlink') return { path, kind: 'link', target: linkname }
  const same = type === 'link' ? before.get(givenPath(linkname) ?? '') : undefined
  if (same?.kind === 'file') return { path, kind: 'file', bytes: same.bytes }
  throw new GliaError(
    'ERR_BAD_REQUEST',
    `${path} is neither a file nor a folder nor a link, so a process cannot keep it.`,
  )
}
