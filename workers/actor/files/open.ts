import { wasi } from '@bjorn3/browser_wasi_shim'
import type { Descriptor, Later } from '../wasi/descriptor.ts'
import { andThen } from '../wasi/later.ts'
import { WasiError } from '../wasi/wasi-error.ts'
import { Directory } from './directory.ts'
import { DirectoryDescriptor, FileDescriptor } from './file-descriptor.ts'
import type { OpenHow } from './mount.ts'
import type { MountPlace, Place } from './place.ts'
import { RegularFile } from './regular-file.ts'
import { type Found, walk } from './walk.ts'

/**
 * Opens a path, and makes the file if that is asked for.
 * @param follow Whether a symbolic link at the end is followed.
 * @throws {WasiError} NOENT, EXIST, ISDIR, NOTDIR, LOOP… as open(2) does; what a mount throws.
 */
export function openPath(base: Place, path: string, follow: boolean, how: OpenHow): Later<Descriptor> {
  const isNew = how.create && how.exclusive
  // What has to be new cannot be a link to something, not even to nothing.
  const found = walk(base, path, { follow: follow && !isNew })
  if (found.kind === 'mount') return openInMount(found.place, { ...how, slash: found.slash })
  if (found.inode && isNew) throw new WasiError(wasi.ERRNO_EXIST)
  const inode = found.inode ?? create(found, how)
  if (inode instanceof Directory) return openDirectory(inode, how)
  if (!(inode instanceof RegularFile)) throw new WasiError(how.directory ? wasi.ERRNO_NOTDIR : wasi.ERRNO_LOOP)
  if (how.directory) throw new WasiError(wasi.ERRNO_NOTDIR)
  if (how.truncate) inode.setSize(0)
  return new FileDescriptor(inode, how)
}

function openInMount({ mount, path }: MountPlace, how: OpenHow): Later<Descriptor> {
  return andThen(mount.open(path, how), (opened) => {
    if (opened.filetype === wasi.FILETYPE_DIRECTORY) opened.place = { mount, path }
    return opened
  })
}

function openDirectory(directory: Directory, how: OpenHow): Descriptor {
  const writes = how.create || how.truncate || (how.rights & wasi.RIGHTS_FD_WRITE) !== 0
  if (writes) throw new WasiError(wasi.ERRNO_ISDIR)
  return new DirectoryDescriptor(directory, how)
}

function create(found: Found, { create: wanted, directory }: OpenHow): RegularFile {
  if (found.kind !== 'entry' || !wanted) throw new WasiError(wasi.ERRNO_NOENT)
  if (found.slash) throw new WasiError(wasi.ERRNO_ISDIR)
  if (directory) throw new WasiError(wasi.ERRNO_INVAL)
  return found.parent.make(found.name, (volume) => new RegularFile(volume))
}
