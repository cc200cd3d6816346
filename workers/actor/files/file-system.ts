import type { FileEntry } from '../../../src/actors/files-api.ts'
import { Directory, MountPoint } from './directory.ts'
import { fill } from './fill.ts'
import type { Mount } from './mount.ts'
import { Volume } from './volume.ts'

/** Largest memory of what is private to an instance, `/` and `/tmp`, in bytes. */
const MAX_PRIVATE_BYTES = 256 * 1024 * 1024

export interface FileSystemInit {
  /** What `/` holds besides. */
  entries: readonly FileEntry[]
  /** `/data` */
  data: Directory
  /** Directories that something else serves, by their names in `/`. */
  mounts: ReadonlyMap<string, Mount>
}

/** Makes the `/` of an instance. */
export function makeFileSystem({ entries, data, mounts }: FileSystemInit): Directory {
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
  volume.bound(MAX_PRIVATE_BYTES)
  return root
}
