/**
 * Messages between the page and an actor worker about the files that a process keeps, `/data`. The worker gets the
 * files once, when it is connected. From then on it reports changes over a port of their own.
 */
import type { FileBarrier } from './file-barrier.ts'
import { fields, isBytes } from '../../glia/untrusted.ts'

/** An entry of a directory. Paths have no slash at their start or end, and no `.`, `..` or empty parts. */
export type FileEntry =
  | { path: string; kind: 'file'; bytes: Uint8Array<ArrayBuffer> }
  | { path: string; kind: 'directory' }
  | { path: string; kind: 'link'; target: string }

/** The entry that is at a path now, whatever was there before. */
export type FileChange = FileEntry | { path: string; kind: 'removed' }

/** The kept files, as a worker gets them. */
export interface KeptFiles {
  entries: readonly FileEntry[]
  /** Largest memory of all files together, in bytes. A write beyond it fails with ENOSPC. */
  maxBytes: number
  /**
   * Gets a {@link FilesChanged} after each message that changed something, before the message's end, and at `fsync`.
   */
  port: MessagePort
  /** How `fsync` waits for the page. Left out: it does not wait. */
  barrier?: FileBarrier | undefined
}

/** Worker to page. In their order they are all changes. */
export interface FilesChanged {
  type: 'changed'
  /** Names of one file may share their bytes. */
  changes: readonly FileChange[]
  /** Number of entries that are left out, and were left out before, because their paths are too long. */
  tooLong: number
  /** Set by an `fsync` that waits. The page answers with this number when everything is stored. */
  sync?: number | undefined
}

/**
 * Longest path and longest target of a link, in UTF-16 units. An entry with a longer path is not kept, nor are entries
 * past the point where all paths together are longer than {@link KeptFiles.maxBytes}.
 */
export const MAX_FILE_PATH = 4096

/** Memory of a file or directory in a worker, beside its content and its names, in bytes, about. */
export const INODE_BYTES = 256

/** Memory of a name, beside its text, in bytes, about. */
const NAME_BYTES = 128

/** Memory of a name in a directory of a worker, in bytes, about. It keeps a guest from making names without end. */
export function nameBytes(name: string): number {
  return NAME_BYTES + 2 * name.length
}

/** @throws {TypeError} if the value is no such message. */
export function readFilesChanged(value: unknown): FilesChanged {
  const { type, changes, tooLong, sync } = fields(value)
  const isSync = sync === undefined || typeof sync === 'number'
  if (type === 'changed' && Array.isArray(changes) && typeof tooLong === 'number' && isSync) {
    return { type, changes: changes.map(readFileChange), tooLong, ...(sync !== undefined && { sync }) }
  }
  throw new TypeError(`Not a message of an actor worker about its files: ${String(type)}`)
}

function readFileChange(value: unknown): FileChange {
  const { path, kind, bytes, target } = fields(value)
  if (isFilePath(path)) {
    if (kind === 'removed' || kind === 'directory') return { path, kind }
    if (kind === 'file' && isBytes(bytes)) return { path, kind, bytes }
    if (kind === 'link' && typeof target === 'string' && target.length <= MAX_FILE_PATH) return { path, kind, target }
  }
  throw new TypeError(`Not a change of a file: ${String(kind)}`)
}

/** Whether a path has the form that {@link FileEntry} requires. */
export function isFilePath(path: unknown): path is string {
  if (typeof path !== 'string' || path.length > MAX_FILE_PATH || path.includes('\0')) return false
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}
