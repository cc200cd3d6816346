import { wasi } from '@bjorn3/browser_wasi_shim'
import { WasiError } from '../wasi/wasi-error.ts'
import { Directory, MountPoint } from './directory.ts'
import { type Inode, Symlink } from './inode.ts'
import type { MountPlace, Place } from './place.ts'

/** Symbolic links that one path may lead through. */
const MAX_LINKS = 40
/** Longest name, in UTF-16 units. */
const MAX_NAME = 255

/** What a path leads to. */
export type Found =
  | { kind: 'mount'; place: MountPlace; slash: boolean }
  /** A directory that the path names as `.` or `..`, or that it starts at. */
  | { kind: 'dot'; inode: Directory }
  /** A name in a directory, and what is there. */
  | { kind: 'entry'; parent: Directory; name: string; inode: Inode | undefined; slash: boolean }

export interface WalkHow {
  /** Whether a symbolic link at the end is followed. */
  follow: boolean
  /** Whether it is if a slash comes behind it. If not, it is no directory. */
  slashFollows?: boolean
}

/**
 * Goes a path from an open directory, and never out of that directory: what is above it is not the guest's.
 * @throws {WasiError} NOENT, NOTDIR, LOOP, NAMETOOLONG; NOTCAPABLE for a path that starts with a slash or leads out.
 */
export function walk(base: Place, path: string, { follow, slashFollows = true }: WalkHow): Found {
  /** Where we are, and the directories that `..` leads back to. */
  const trail: [Place, ...Place[]] = [base]
  /** What is still to go, the next part last. */
  const todo: string[] = []
  let slash = false
  let links = 0
  const take = (text: string): void => {
    if (text.startsWith('/')) throw new WasiError(wasi.ERRNO_NOTCAPABLE)
    if (todo.length === 0 && text.endsWith('/')) slash = true
    todo.push(...text.split('/').filter(Boolean).toReversed())
  }
  take(path)
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    if (part === '.') continue
    if (part === '..') {
      trail.pop()
      if (trail.length === 0) throw new WasiError(wasi.ERRNO_NOTCAPABLE)
      continue
    }
    const at = trail.at(-1) ?? base
    if (!(at instanceof Directory)) {
      // A mount has limits of its own: the last part of a URL may be long.
      trail.push({ mount: at.mount, path: [...at.path, part] })
      continue
    }
    if (part.length > MAX_NAME) throw new WasiError(wasi.ERRNO_NAMETOOLONG)
    const inode = at.get(part)
    const isLast = todo.length === 0
    if (inode instanceof Symlink && (!isLast || follow || (slash && slashFollows))) {
      if (++links > MAX_LINKS) throw new WasiError(wasi.ERRNO_LOOP)
      take(inode.target)
    } else if (inode instanceof MountPoint) {
      trail.push({ mount: inode.mount, path: [] })
    } else if (isLast) {
      if (slash && inode && !(inode instanceof Directory)) throw new WasiError(wasi.ERRNO_NOTDIR)
      return { kind: 'entry', parent: at, name: part, inode, slash }
    } else if (inode instanceof Directory) {
      trail.push(inode)
    } else {
      throw new WasiError(inode ? wasi.ERRNO_NOTDIR : wasi.ERRNO_NOENT)
    }
  }
  const end = trail.at(-1) ?? base
  return end instanceof Directory ? { kind: 'dot', inode: end } : { kind: 'mount', place: end, slash }
}
