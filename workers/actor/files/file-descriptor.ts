import { wasi } from '@bjorn3/browser_wasi_shim'
import { Descriptor, type DirEntry, type FileStat, type FileTimes, type Later } from '../wasi/descriptor.ts'
import { DIRECTORY_RIGHTS, FILE_RIGHTS } from '../wasi/rights.ts'
import { WasiError } from '../wasi/wasi-error.ts'
import type { Directory } from './directory.ts'
import type { Inode } from './inode.ts'
import type { OpenHow } from './mount.ts'
import type { RegularFile } from './regular-file.ts'

/** What a descriptor is given of what was asked for. */
type Granted = Pick<OpenHow, 'rights' | 'inheriting' | 'flags'>

/** A file or directory of a tree that is open. */
abstract class InodeDescriptor<T extends Inode> extends Descriptor {
  readonly inode: T

  constructor(inode: T, { inheriting, flags }: Granted) {
    super()
    this.inode = inode
    this.inheriting = inheriting
    this.flags = flags
    inode.opened()
  }

  get filetype(): number {
    return this.inode.filetype
  }

  override stat(): FileStat {
    return this.inode.stat()
  }

  override setTimes(times: FileTimes): void {
    this.inode.setTimes(times)
  }

  override advise(): void {}

  override sync(): Later<void> {
    return this.inode.volume.sync()
  }

  override close(): void {
    this.inode.closed()
  }
}

export class FileDescriptor extends InodeDescriptor<RegularFile> {
  override readonly isStream = false
  /** Where the next read or write is. */
  offset = 0

  constructor(file: RegularFile, how: Granted) {
    super(file, how)
    this.rights = how.rights & FILE_RIGHTS
    if (this.#isSynced) file.volume.barrier?.check()
  }

  override read(target: Uint8Array): number {
    const count = this.inode.read(target, this.offset)
    this.offset += count
    return count
  }

  override write(source: Uint8Array): number {
    if (this.#appends) this.offset = this.inode.size
    const count = this.inode.write(source, this.offset)
    this.offset += count
    return count
  }

  override readAt(target: Uint8Array, offset: number): number {
    return this.inode.read(target, offset)
  }

  /** As on Linux, and not as POSIX has it, what is appended goes to the end wherever it is written. */
  override writeAt(source: Uint8Array, offset: number): number {
    return this.inode.write(source, this.#appends ? this.inode.size : offset)
  }

  override seek(delta: number, whence: number): number {
    const offset = this.#whence(whence) + delta
    if (offset < 0 || !Number.isSafeInteger(offset)) throw new WasiError(wasi.ERRNO_INVAL)
    this.offset = offset
    return offset
  }

  override setSize(size: number): void {
    this.inode.setSize(size)
  }

  override allocate(size: number): void {
    if (size > this.inode.size) this.inode.setSize(size)
  }

  override written(): Later<void> {
    return this.#isSynced && this.inode.volume.barrier ? this.sync() : undefined
  }

  get #isSynced(): boolean {
    return (this.flags & (wasi.FDFLAGS_SYNC | wasi.FDFLAGS_DSYNC)) !== 0
  }

  get #appends(): boolean {
    return (this.flags & wasi.FDFLAGS_APPEND) !== 0
  }

  #whence(whence: number): number {
    if (whence === wasi.WHENCE_SET) return 0
    if (whence === wasi.WHENCE_CUR) return this.offset
    if (whence === wasi.WHENCE_END) return this.inode.size
    throw new WasiError(wasi.ERRNO_INVAL)
  }
}

export class DirectoryDescriptor extends InodeDescriptor<Directory> {
  constructor(directory: Directory, how: Granted) {
    super(directory, how)
    this.place = directory
    this.rights = how.rights & DIRECTORY_RIGHTS
  }

  override read(): never {
    throw new WasiError(wasi.ERRNO_ISDIR)
  }

  override write(): never {
    throw new WasiError(wasi.ERRNO_ISDIR)
  }

  override entries(): Iterable<DirEntry> {
    return this.inode.entries()
  }
}
