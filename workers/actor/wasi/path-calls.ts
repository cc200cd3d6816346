import { wasi } from '@bjorn3/browser_wasi_shim'
import { link, makeDirectory, makeSymlink, removeDirectory, rename, unlink } from '../files/edit.ts'
import { type Inode, Symlink } from '../files/inode.ts'
import { openPath } from '../files/open.ts'
import type { Place } from '../files/place.ts'
import { type Found, walk } from '../files/walk.ts'
import { descriptorWith, type WasiContext } from './context.ts'
import type { FileStat, Later } from './descriptor.ts'
import { checkFdflags } from './file-calls.ts'
import { fileTimes } from './file-times.ts'
import type { WasiCall } from './guard.ts'
import { andThen } from './later.ts'
import { type Rights, toRights } from './rights.ts'
import { writeFilestat } from './structs.ts'
import { WasiError } from './wasi-error.ts'

/** The only flag of `lookupflags`. */
const SYMLINK_FOLLOW = 1
const ALL_OFLAGS = wasi.OFLAGS_CREAT | wasi.OFLAGS_DIRECTORY | wasi.OFLAGS_EXCL | wasi.OFLAGS_TRUNC

/** The functions on paths, which start at an open directory. */
export function pathCalls(context: WasiContext) {
  const { memory, table } = context

  /** The start of a path, if its directory has these rights. */
  const placeOf = (fd: number, rights: Rights): Place => {
    const { place } = table.get(fd)
    if (!place) throw new WasiError(wasi.ERRNO_NOTDIR)
    descriptorWith(context, fd, rights)
    return place
  }

  return {
    path_create_directory(fd: number, path: number, length: number): void {
      makeDirectory(placeOf(fd, wasi.RIGHTS_PATH_CREATE_DIRECTORY), memory.path(path, length))
    },
    path_filestat_get(fd: number, lookup: number, path: number, length: number, result: number): Later<void> {
      const place = placeOf(fd, wasi.RIGHTS_PATH_FILESTAT_GET)
      const found = walk(place, memory.path(path, length), { follow: follows(lookup) })
      return andThen(statOf(found), (stat) => writeFilestat(memory, result, stat))
    },
    path_filestat_set_times(
      fd: number,
      lookup: number,
      path: number,
      length: number,
      accessed: bigint,
      modified: bigint,
      flags: number,
    ): void {
      const place = placeOf(fd, wasi.RIGHTS_PATH_FILESTAT_SET_TIMES)
      const times = fileTimes(accessed, modified, flags)
      inodeOf(walk(place, memory.path(path, length), { follow: follows(lookup) })).setTimes(times)
    },
    path_link(
      oldFd: number,
      lookup: number,
      oldPath: number,
      oldLength: number,
      newFd: number,
      newPath: number,
      newLength: number,
    ): void {
      const from = placeOf(oldFd, wasi.RIGHTS_PATH_LINK_SOURCE)
      const to = placeOf(newFd, wasi.RIGHTS_PATH_LINK_TARGET)
      link(from, memory.path(oldPath, oldLength), follows(lookup), to, memory.path(newPath, newLength))
    },
    path_open(
      fd: number,
      lookup: number,
      path: number,
      length: number,
      oflags: number,
      base: bigint,
      inheriting: bigint,
      fdflags: number,
      result: number,
    ): Later<void> {
      if ((oflags & ~ALL_OFLAGS) !== 0) throw new WasiError(wasi.ERRNO_INVAL)
      const create = (oflags & wasi.OFLAGS_CREAT) !== 0
      const truncate = (oflags & wasi.OFLAGS_TRUNC) !== 0
      const place = placeOf(
        fd,
        wasi.RIGHTS_PATH_OPEN |
          (create ? wasi.RIGHTS_PATH_CREATE_FILE : 0) |
          (truncate ? wasi.RIGHTS_PATH_FILESTAT_SET_SIZE : 0),
      )
      const how = {
        rights: toRights(base),
        inheriting: toRights(inheriting),
        flags: checkFdflags(fdflags),
        create,
        truncate,
        exclusive: (oflags & wasi.OFLAGS_EXCL) !== 0,
        directory: (oflags & wasi.OFLAGS_DIRECTORY) !== 0,
      }
      const most = table.get(fd).inheriting
      if (((how.rights | how.inheriting) & ~most) !== 0) throw new WasiError(wasi.ERRNO_NOTCAPABLE)
      table.checkRoom()
      memory.check(result, 4)
      return andThen(openPath(place, memory.path(path, length), follows(lookup), how), (opened) => {
        // A mount may give more rights than were asked for.
        opened.rights &= most
        opened.inheriting &= most
        memory.setU32(result, table.add(opened))
      })
    },
    path_readlink(fd: number, path: number, length: number, at: number, room: number, used: number): void {
      const place = placeOf(fd, wasi.RIGHTS_PATH_READLINK)
      const found = walk(place, memory.path(path, length), { follow: false })
      // A mount has no links. A program that resolves a path asks for each of its parts, and goes on only after INVAL.
      const inode = found.kind === 'mount' ? undefined : inodeOf(found)
      if (!(inode instanceof Symlink)) throw new WasiError(wasi.ERRNO_INVAL)
      const part = new TextEncoder().encode(inode.target).subarray(0, room >>> 0)
      memory.bytes(at, part.length).set(part)
      memory.setU32(used, part.length)
    },
    path_remove_directory(fd: number, path: number, length: number): void {
      removeDirectory(placeOf(fd, wasi.RIGHTS_PATH_REMOVE_DIRECTORY), memory.path(path, length))
    },
    path_rename(
      oldFd: number,
      oldPath: number,
      oldLength: number,
      newFd: number,
      newPath: number,
      newLength: number,
    ): void {
      const from = placeOf(oldFd, wasi.RIGHTS_PATH_RENAME_SOURCE)
      const to = placeOf(newFd, wasi.RIGHTS_PATH_RENAME_TARGET)
      rename(from, memory.path(oldPath, oldLength), to, memory.path(newPath, newLength))
    },
    path_symlink(target: number, targetLength: number, fd: number, path: number, length: number): void {
      const place = placeOf(fd, wasi.RIGHTS_PATH_SYMLINK)
      makeSymlink(memory.path(target, targetLength), place, memory.path(path, length))
    },
    path_unlink_file(fd: number, path: number, length: number): void {
      unlink(placeOf(fd, wasi.RIGHTS_PATH_UNLINK_FILE), memory.path(path, length))
    },
  } satisfies Record<string, WasiCall>
}

function follows(lookup: number): boolean {
  if ((lookup & ~SYMLINK_FOLLOW) !== 0) throw new WasiError(wasi.ERRNO_INVAL)
  return lookup === SYMLINK_FOLLOW
}

function statOf(found: Found): Later<FileStat> {
  return found.kind === 'mount' ? found.place.mount.stat(found.place.path) : inodeOf(found).stat()
}

/** @throws {WasiError} NOENT if there is nothing; ROFS in a mount. */
function inodeOf(found: Found): Inode {
  if (found.kind === 'mount') throw new WasiError(wasi.ERRNO_ROFS)
  if (!found.inode) throw new WasiError(wasi.ERRNO_NOENT)
  return found.inode
}
