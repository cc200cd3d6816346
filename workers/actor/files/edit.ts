import { wasi } from '@bjorn3/browser_wasi_shim'
import { WasiError } from '../wasi/wasi-error.ts'
import { Directory } from './directory.ts'
import { type Inode, Symlink } from './inode.ts'
import type { Place } from './place.ts'
import { type Found, walk } from './walk.ts'

// What changes a tree, by paths. All throw {@link WasiError} as the system calls of the same names do, and ROFS in a
// mount.

type Entry = Found & { kind: 'entry' }
type Existing = Entry & { inode: Inode }

export function makeDirectory(base: Place, path: string): void {
  const { parent, name } = freeEntry(base, path)
  parent.make(name, (volume) => new Directory(volume))
}

/**
 * @param target Where it leads, from the directory that it is in. It cannot lead out of what is open, so not to the
 * root.
 */
export function makeSymlink(target: string, base: Place, path: string): void {
  if (target === '') throw new WasiError(wasi.ERRNO_NOENT)
  if (target.startsWith('/')) throw new WasiError(wasi.ERRNO_NOTCAPABLE)
  const { parent, name, slash } = freeEntry(base, path)
  if (slash) throw new WasiError(wasi.ERRNO_NOENT)
  parent.make(name, (volume) => new Symlink(volume, target))
}

/** Gives a file another name. @param follow Whether a symbolic link is followed, or gets the name itself. */
export function link(from: Place, oldPath: string, follow: boolean, to: Place, newPath: string): void {
  const source = entry(walk(from, oldPath, { follow }), wasi.ERRNO_PERM)
  if (!source.inode) throw new WasiError(wasi.ERRNO_NOENT)
  if (source.inode instanceof Directory) throw new WasiError(wasi.ERRNO_PERM)
  const { parent, name, slash } = freeEntry(to, newPath)
  if (slash) throw new WasiError(wasi.ERRNO_NOENT)
  if (parent.volume !== source.inode.volume) throw new WasiError(wasi.ERRNO_XDEV)
  parent.add(name, source.inode)
}

export function unlink(base: Place, path: string): void {
  const { parent, name, inode } = existing(base, path, wasi.ERRNO_ISDIR)
  if (inode instanceof Directory) throw new WasiError(wasi.ERRNO_ISDIR)
  parent.remove(name)
}

export function removeDirectory(base: Place, path: string): void {
  const { parent, name, inode } = existing(base, path, wasi.ERRNO_INVAL)
  if (!(inode instanceof Directory)) throw new WasiError(wasi.ERRNO_NOTDIR)
  if (inode.volume !== parent.volume) throw new WasiError(wasi.ERRNO_BUSY)
  if (!inode.isEmpty) throw new WasiError(wasi.ERRNO_NOTEMPTY)
  parent.remove(name)
}

/** Moves a name, over another of the same kind if there is one. */
export function rename(from: Place, oldPath: string, to: Place, newPath: string): void {
  const source = existing(from, oldPath, wasi.ERRNO_BUSY)
  const { inode } = source
  const target = entry(walk(to, newPath, { follow: false, slashFollows: false }), wasi.ERRNO_BUSY)
  if (target.slash && !(inode instanceof Directory)) throw new WasiError(wasi.ERRNO_NOTDIR)
  if (inode.volume !== source.parent.volume) throw new WasiError(wasi.ERRNO_BUSY)
  if (inode.volume !== target.parent.volume) throw new WasiError(wasi.ERRNO_XDEV)
  if (inode instanceof Directory && target.parent.isWithin(inode)) throw new WasiError(wasi.ERRNO_INVAL)
  // Two names of one file stay as they are: so POSIX wants it.
  if (target.inode === inode) return
  if (target.inode) checkReplaces(inode, target.inode, target.parent)
  target.parent.move(source.parent, source.name, target.name)
}

function checkReplaces(inode: Inode, old: Inode, parent: Directory): void {
  if (!(old instanceof Directory)) {
    if (inode instanceof Directory) throw new WasiError(wasi.ERRNO_NOTDIR)
    return
  }
  if (!(inode instanceof Directory)) throw new WasiError(wasi.ERRNO_ISDIR)
  if (old.volume !== parent.volume) throw new WasiError(wasi.ERRNO_BUSY)
  if (!old.isEmpty) throw new WasiError(wasi.ERRNO_NOTEMPTY)
}

/** A name that there is. @param dot What `.` and `..` are answered with. */
function existing(base: Place, path: string, dot: number): Existing {
  const found = entry(walk(base, path, { follow: false, slashFollows: false }), dot)
  const { inode } = found
  if (!inode) throw new WasiError(wasi.ERRNO_NOENT)
  return { ...found, inode }
}

/** A name that there is not. */
function freeEntry(base: Place, path: string): Entry {
  const found = entry(walk(base, path, { follow: false }), wasi.ERRNO_EXIST)
  if (found.inode) throw new WasiError(wasi.ERRNO_EXIST)
  return found
}

function entry(found: Found, dot: number): Entry {
  if (found.kind === 'mount') throw new WasiError(wasi.ERRNO_ROFS)
  if (found.kind === 'dot') throw new WasiError(dot)
  return found
}
