import { type FileChange, type FileEntry, INODE_BYTES, nameBytes } from './files-api.ts'

/** A file without its content. */
export interface FileInfo {
  /** Below `/data`, without a slash at its start. */
  path: string
  kind: 'file' | 'directory' | 'link'
  /** Length of its content, or of the target of a link. */
  bytes: number
  /** A larger number after each change of the entry, also of one that keeps its length. It begins with the time in ms. */
  version: number
}

/** The entries under a process's `/data`, and their sizes. */
export class FileIndex {
  readonly #infos = new Map<string, FileInfo>()
  #bytes = 0
  /** Memory that a worker needs beside the contents. */
  #entryBytes = 0
  /** Length of all paths, in UTF-16 units. */
  #pathUnits = 0
  #version = 0

  /** Sorted by path. */
  get infos(): FileInfo[] {
    return [...this.#infos.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  /** Another number after each change. */
  get version(): number {
    return this.#version
  }

  /** Bytes of all content. */
  get bytes(): number {
    return this.#bytes
  }

  /** Number of entries without directories. */
  get files(): number {
    let count = 0
    for (const { kind } of this.#infos.values()) if (kind !== 'directory') count += 1
    return count
  }

  /** Number of entries with directories. */
  get size(): number {
    return this.#infos.size
  }

  /** Memory that a worker needs for all entries. */
  get memoryBytes(): number {
    return this.#bytes + this.#entryBytes
  }

  /** Undefined if there is no entry. */
  kindAt(path: string): FileInfo['kind'] | undefined {
    return this.#infos.get(path)?.kind
  }

  /**
   * Whether a worker with so much memory for files could take all entries, and report them.
   * @param added Entries at new paths.
   */
  hasRoomFor(added: readonly FileEntry[], maxBytes: number): boolean {
    let [bytes, units] = [0, 0]
    for (const entry of added) {
      const old = this.#infos.get(entry.path)
      bytes += lengthOf(entry) - (old?.bytes ?? 0) + (old ? 0 : entryBytes(entry.path))
      units += old ? 0 : entry.path.length
    }
    return (bytes <= 0 || this.memoryBytes + bytes <= maxBytes) && (units === 0 || this.#pathUnits + units <= maxBytes)
  }

  put(change: FileChange): void {
    const { path, kind } = change
    const old = this.#infos.get(path)
    this.#bytes += lengthOf(change) - (old?.bytes ?? 0)
    this.#pathUnits += (kind === 'removed' ? 0 : path.length) - (old ? path.length : 0)
    this.#entryBytes += (kind === 'removed' ? 0 : entryBytes(path)) - (old ? entryBytes(path) : 0)
    // The time: a viewer may have numbers from before the files were loaded anew.
    this.#version = Math.max(this.#version + 1, Date.now())
    if (kind === 'removed') this.#infos.delete(path)
    else this.#infos.set(path, { path, kind, bytes: lengthOf(change), version: this.#version })
  }
}

/** Length of the content in a change. */
export function lengthOf(change: FileChange): number {
  if (change.kind === 'file') return change.bytes.length
  return change.kind === 'link' ? change.target.length : 0
}

/** Memory that a worker needs for an entry, beside its content. */
export function entryBytes(path: string): number {
  return INODE_BYTES + nameBytes(path.slice(path.lastIndexOf('/') + 1))
}
