import type { FileEntry } from '../../../src/actors/files/files-api.ts'
import type { SharedFile } from '../../../src/actors/worker/worker-api.ts'
import { Directory, MountPoint } from './directory.ts'
import { fill } from './fill.ts'
import type { Mount } from './mount.ts'
import { ReadOnlyFile } from './read-only-file.ts'
import { Volume } from './volume.ts'

/** Largest memory of what is private to an instance, `/` and `/tmp`, in bytes, unless something else is said. */
export const MAX_PRIVATE_BYTES = 256 * 1024 * 1024

export interface FileSystemInit {
  /** What `/` holds besides. */
  entries: readonly FileEntry[]
  /** Files that it cannot change. */
  shared?: readonly SharedFile[] | undefined
  /** `/data` */
  data: Directory
  /** Directories that something else serves, by their names in `/`. */
  mounts: ReadonlyMap<string, Mount>
  /** Largest memory of what is private to the instance. */
  maxBytes?: number | undefined
}

/** Makes the `/` of an instance. */
export function makeFileSystem({ entries, shared = [], data, mounts, maxBytes }: FileSystemInit): Directory {
  const volume = new Volume()
  const root = new Directory(volume)
  root.linked()
  root.make('tmp', () => new Directory(volume))
  root.mount('data', data)
  for (const [name, mount] of mounts) root.make(name, () => new MountPoint(volume, mount))
  // Copies, since the next instance finds what this one did.
  fill(
    root,
    entries.map((entry) => (entry.kind === 'file' ? { ...entry, bytes: entry.bytes.slice() } : entry)),
  )
  // What is shared is in no one's storage: the instance may have as much beside it.
  const given = new Volume()
  for (const { path, bytes } of shared) put(root, path, new ReadOnlyFile(given, bytes))
  volume.bound(maxBytes ?? MAX_PRIVATE_BYTES)
  return root
}

/** Puts a file at a path, with the folders that it is in. What is there already stays. */
function put(root: Directory, path: string, file: ReadOnlyFile): void {
  const parts = path.split('/')
  const name = parts.pop() ?? ''
  let at = root
  for (const part of parts) {
    const found = at.get(part) ?? at.make(part, (volume) => new Directory(volume))
    if (!(found instanceof Directory)) return
    at = found
  }
  if (!at.get(name)) at.make(name, () => file)
}
