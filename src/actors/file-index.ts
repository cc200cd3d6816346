import type { FileChange } from './files-api.ts'

/** Memory that each file costs a worker beside its bytes; see `Volume`. */
const ENTRY_BYTES = 256

/** A file without its content. */
export interface FileInfo {
  /** Below `/data`, without a slash at its start. */
  path: string
  kind: 'file' | 'directory' | 'link'
  /** Length of its content. */
  bytes: number
}

/** What there is under a process's `/data`, and how much that is. */
export class FileIndex {
  readonly #infos = new Map<string, FileInfo>()
  #bytes = 0

  /** Sorted by path. */
  get infos(): FileInfo[] {
    return [...this.#infos.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  /** Bytes of all content. */
  get bytes(): number {
    return this.#bytes
  }

  /** How many there are, directories apart. */
  get files(): number {
    let count = 0
    for (const { kind } of this.#infos.values()) if (kind !== 'directory') count += 1
    return count
  }

  /** How many there are, directories included. */
  get size(): number {
    return this.#infos.size
  }

  /** Memory that a worker needs for all of it. */
  get memoryBytes(): number {
    return this.#bytes + this.#infos.size * ENTRY_BYTES
  }

  /** Whether a worker with so much memory for files would still take all of them. */
  hasRoomFor(change: FileChange, maxBytes: number): boolean {
    const old = this.#infos.get(change.path)
    const added = lengthOf(change) - (old?.bytes ?? 0) + (old ? 0 : ENTRY_BYTES)
    return added <= 0 || this.memoryBytes + added <= maxBytes
  }

  put(change: FileChange): void {
    const { path, kind } = change
    this.#bytes += lengthOf(change) - (this.#infos.get(path)?.bytes ?? 0)
    if (kind === 'removed') this.#infos.delete(path)
    else this.#infos.set(path, { path, kind, bytes: lengthOf(change) })
  }
}

/** Length of the content that comes with a change. */
export function lengthOf(change: FileChange): number {
  return change.kind === 'file' ? change.bytes.length : 0
}
