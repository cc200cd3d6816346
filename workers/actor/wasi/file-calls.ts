import { wasi } from '@bjorn3/browser_wasi_shim'
import { descriptorWith, type WasiContext } from './context.ts'
import type { Descriptor, Later } from './descriptor.ts'
import { writeEntries } from './dir-entries.ts'
import { fileTimes } from './file-times.ts'
import type { WasiCall } from './guard.ts'
import { andThen } from './later.ts'
import { moveBytes } from './move-bytes.ts'
import { toRights } from './rights.ts'
import { writeFdstat, writeFilestat } from './structs.ts'
import { WasiError } from './wasi-error.ts'

const LAST_ADVICE = 5
/** What is written is to be stored at once. */
const SYNCED = wasi.FDFLAGS_DSYNC | wasi.FDFLAGS_SYNC
const ALL_FDFLAGS =
  wasi.FDFLAGS_APPEND | wasi.FDFLAGS_DSYNC | wasi.FDFLAGS_NONBLOCK | wasi.FDFLAGS_RSYNC | wasi.FDFLAGS_SYNC

/** @throws {WasiError} INVAL for unknown flags. */
export function checkFdflags(flags: number): number {
  if ((flags & ~ALL_FDFLAGS) !== 0) throw new WasiError(wasi.ERRNO_INVAL)
  return flags
}

/** An offset or a size. @throws {WasiError} FBIG if no file is that large. */
function toOffset(value: bigint): number {
  const offset = Number(BigInt.asUintN(64, value))
  if (!Number.isSafeInteger(offset)) throw new WasiError(wasi.ERRNO_FBIG)
  return offset
}

/** A position in a file. @throws {WasiError} INVAL if it is negative, as a C program means it; FBIG. */
function toPosition(value: bigint): number {
  if (BigInt.asIntN(64, value) < 0n) throw new WasiError(wasi.ERRNO_INVAL)
  return toOffset(value)
}

/** The functions on open descriptors. */
export function fileCalls(context: WasiContext) {
  const { memory, table } = context

  /** A descriptor with offsets, if it has these rights. */
  const withOffsets = (fd: number, rights: number): Descriptor => {
    const descriptor = table.get(fd)
    if (descriptor.isStream && !descriptor.place) throw new WasiError(wasi.ERRNO_SPIPE)
    return descriptorWith(context, fd, rights)
  }
  const sync = (descriptor: Descriptor): Later<void> => {
    context.hasSynced = true
    return descriptor.sync()
  }
  const written = (file: Descriptor): Later<void> => {
    if ((file.flags & SYNCED) !== 0) context.hasSynced = true
    return file.written()
  }

  return {
    fd_advise(fd: number, _offset: bigint, _length: bigint, advice: number): void {
      if (advice < 0 || advice > LAST_ADVICE) throw new WasiError(wasi.ERRNO_INVAL)
      descriptorWith(context, fd, wasi.RIGHTS_FD_ADVISE).advise()
    },
    fd_allocate(fd: number, offset: bigint, length: bigint): void {
      const descriptor = descriptorWith(context, fd, wasi.RIGHTS_FD_ALLOCATE)
      if (length === 0n) throw new WasiError(wasi.ERRNO_INVAL)
      descriptor.allocate(toPosition(offset) + toPosition(length))
    },
    fd_close(fd: number): Later<void> {
      return table.close(fd)
    },
    fd_datasync(fd: number): Later<void> {
      return sync(descriptorWith(context, fd, wasi.RIGHTS_FD_DATASYNC, wasi.ERRNO_INVAL))
    },
    fd_fdstat_get(fd: number, result: number): void {
      writeFdstat(memory, result, table.get(fd))
    },
    fd_fdstat_set_flags(fd: number, flags: number): void {
      descriptorWith(context, fd, wasi.RIGHTS_FD_FDSTAT_SET_FLAGS).flags = checkFdflags(flags)
    },
    fd_fdstat_set_rights(fd: number, base: bigint, inheriting: bigint): void {
      const descriptor = table.get(fd)
      const [rights, inherited] = [toRights(base), toRights(inheriting)]
      const more = (rights & ~descriptor.rights) | (inherited & ~descriptor.inheriting)
      if (more !== 0) throw new WasiError(wasi.ERRNO_NOTCAPABLE)
      descriptor.rights = rights
      descriptor.inheriting = inherited
    },
    fd_filestat_get(fd: number, result: number): void {
      writeFilestat(memory, result, descriptorWith(context, fd, wasi.RIGHTS_FD_FILESTAT_GET).stat())
    },
    fd_filestat_set_size(fd: number, size: bigint): void {
      descriptorWith(context, fd, wasi.RIGHTS_FD_FILESTAT_SET_SIZE).setSize(toOffset(size))
    },
    fd_filestat_set_times(fd: number, accessed: bigint, modified: bigint, flags: number): void {
      const descriptor = descriptorWith(context, fd, wasi.RIGHTS_FD_FILESTAT_SET_TIMES)
      descriptor.setTimes(fileTimes(accessed, modified, flags))
    },
    fd_pread(fd: number, list: number, count: number, offset: bigint, done: number): Later<void> {
      const file = withOffsets(fd, wasi.RIGHTS_FD_READ | wasi.RIGHTS_FD_SEEK)
      const start = toPosition(offset)
      return moveBytes(memory, { list, count, done }, false, (target, before) => file.readAt(target, start + before))
    },
    fd_prestat_get(fd: number, result: number): void {
      const name = preopenName(table.get(fd))
      const start = memory.check(result, 8)
      memory.setU8(start, wasi.PREOPENTYPE_DIR)
      memory.setU32(start + 4, name.length)
    },
    fd_prestat_dir_name(fd: number, at: number, length: number): void {
      const name = preopenName(table.get(fd))
      if (length >>> 0 < name.length) throw new WasiError(wasi.ERRNO_NAMETOOLONG)
      memory.bytes(at, name.length).set(name)
    },
    fd_pwrite(fd: number, list: number, count: number, offset: bigint, done: number): Later<void> {
      const file = withOffsets(fd, wasi.RIGHTS_FD_WRITE | wasi.RIGHTS_FD_SEEK)
      const start = toPosition(offset)
      const move = (source: Uint8Array, before: number): number => file.writeAt(source, start + before)
      return andThen(moveBytes(memory, { list, count, done }, false, move), () => written(file))
    },
    fd_read(fd: number, list: number, count: number, done: number): Later<void> {
      const file = descriptorWith(context, fd, wasi.RIGHTS_FD_READ, wasi.ERRNO_BADF)
      return moveBytes(memory, { list, count, done }, file.isStream, (target) => file.read(target))
    },
    fd_readdir(fd: number, at: number, length: number, cookie: bigint, used: number): void {
      const entries = descriptorWith(context, fd, wasi.RIGHTS_FD_READDIR, wasi.ERRNO_NOTDIR).entries()
      memory.check(used, 4)
      const target = memory.bytes(at, length)
      memory.setU32(used, writeEntries(target, entries, Number(BigInt.asUintN(64, cookie))))
    },
    fd_renumber(from: number, to: number): Later<void> {
      return table.renumber(from, to)
    },
    fd_seek(fd: number, delta: bigint, whence: number, result: number): void {
      const onlyTells = delta === 0n && whence === wasi.WHENCE_CUR
      const file = withOffsets(fd, onlyTells ? wasi.RIGHTS_FD_TELL : wasi.RIGHTS_FD_SEEK)
      memory.check(result, 8)
      memory.setU64(result, BigInt(file.seek(Number(delta), whence)))
    },
    fd_sync(fd: number): Later<void> {
      return sync(descriptorWith(context, fd, wasi.RIGHTS_FD_SYNC, wasi.ERRNO_INVAL))
    },
    fd_tell(fd: number, result: number): void {
      memory.setU64(result, BigInt(withOffsets(fd, wasi.RIGHTS_FD_TELL).seek(0, wasi.WHENCE_CUR)))
    },
    fd_write(fd: number, list: number, count: number, done: number): Later<void> {
      const file = descriptorWith(context, fd, wasi.RIGHTS_FD_WRITE, wasi.ERRNO_BADF)
      const moved = moveBytes(memory, { list, count, done }, file.isStream, (source) => file.write(source))
      return andThen(moved, () => written(file))
    },
  } satisfies Record<string, WasiCall>
}

/** In UTF-8. @throws {WasiError} BADF if it was not open from the start. Guests know by this that there are no more. */
function preopenName({ preopenName: name }: Descriptor): Uint8Array {
  if (name === undefined) throw new WasiError(wasi.ERRNO_BADF)
  return new TextEncoder().encode(name)
}
