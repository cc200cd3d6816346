import { type FileChange, isFilePath } from '../../../src/actors/files/files-api.ts'
import { Directory } from './directory.ts'
import { Symlink } from './inode.ts'
import { RegularFile } from './regular-file.ts'

/**
 * Puts entries into a directory, with the directories that they are in. A file takes the place of another file at its
 * path. An entry is left out if a directory is in its way, or if something else is where its directory should be. A
 * removed path is taken away with all that is below it. Bytes are copied only if several files share them.
 * @throws {TypeError} if a path is none.
 */
export function fill(root: Directory, entries: readonly FileChange[]): void {
  const taken = new Set<Uint8Array>()
  const own = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
    if (taken.has(bytes)) return bytes.slice()
    taken.add(bytes)
    return bytes
  }
  for (const entry of entries) {
    const { path } = entry
    if (!isFilePath(path)) throw new TypeError('A file that was to be there from the start has no path.')
    const parts = path.split('/')
    const name = parts.pop() ?? ''
    if (entry.kind === 'removed') {
      const parent = parts.reduce(foundIn, root)
      parent?.remove(name)
      continue
    }
    const parent = parts.reduce(directoryIn, root)
    if (entry.kind === 'directory') directoryIn(parent, name)
    else if (parent && !(parent.get(name) instanceof Directory)) {
      parent.remove(name)
      parent.make(name, (volume) =>
        entry.kind === 'file' ? new RegularFile(volume, own(entry.bytes)) : new Symlink(volume, entry.target),
      )
    }
  }
}

/** The directory of that name; undefined if there is none. */
function foundIn(parent: Directory | undefined, name: string): Directory | undefined {
  const found = parent?.get(name)
  return found instanceof Directory ? found : undefined
}

/** The directory of that name, made if there is none; undefined if there is something else. */
function directoryIn(parent: Directory | undefined, name: string): Directory | undefined {
  const found = parent?.get(name)
  if (found || !parent) return found instanceof Directory ? found : undefined
  return parent.make(name, (volume) => new Directory(volume))
}
