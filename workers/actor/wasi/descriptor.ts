import { wasi } from '@bjorn3/browser_wasi_shim'
import type { Place } from '../files/place.ts'
import type { Rights } from './rights.ts'
import { WasiError } from './wasi-error.ts'

/** A result now, or a promise of it, which suspends the guest: only where guests can be suspended (JSPI). */
export type Later<T> = T | Promise<T>

/** What `fd_filestat_get` tells. Times are in ns since 1970. */
export interface FileStat {
  dev: bigint
  ino: bigint
  /** `wasi.FILETYPE_…` */
  filetype: number
  links: number
  size: number
  accessed: bigint
  modified: bigint
  changed: bigint
}

/** A name in a directory. */
export interface DirEntry {
  name: string
  ino: bigint
  filetype: number
  /** Where reading goes on after this entry: ascending, above 0, and its own for as long as the entry is there. */
  cookie: number
}

/** When a file was used; what is undefined stays as it is. In ns since 1970. */
export interface FileTimes {
  accessed?: bigint | undefined
  modified?: bigint | undefined
}

/** What {@link Descriptor.readable} and {@link Descriptor.writable} give instead of a count. */
export const NOT_READY = -1

/**
 * Something that a guest has open. Methods throw {@link WasiError}; by default that says that this kind of file cannot
 * do it. The layer above has checked the rights, and that buffers are in the guest's memory.
 */
export abstract class Descriptor {
  /** `wasi.FILETYPE_…` */
  abstract readonly filetype: number
  /** Whether a read that got bytes must not go on to the next buffer: it might wait. */
  readonly isStream: boolean = true
  rights: Rights = 0
  /** Rights of what is opened through it. */
  inheriting: Rights = 0
  /** `wasi.FDFLAGS_…`; a stream minds NONBLOCK: it throws AGAIN instead of waiting. */
  flags = 0
  /** Where paths start that are opened relative to it; undefined if it is no directory. */
  place: Place | undefined
  /** The name of a directory that was open before the guest began. */
  preopenName: string | undefined

  /** Takes bytes into `target`, a view of guest memory that is never empty. @returns their count, 0 at the end. */
  read(_target: Uint8Array): Later<number> {
    throw new WasiError(wasi.ERRNO_BADF)
  }

  /** Takes bytes out of `source`, a view of guest memory that is never empty. @returns their count: at least one. */
  write(_source: Uint8Array): Later<number> {
    throw new WasiError(wasi.ERRNO_BADF)
  }

  readAt(_target: Uint8Array, _offset: number): number {
    throw new WasiError(wasi.ERRNO_SPIPE)
  }

  writeAt(_source: Uint8Array, _offset: number): number {
    throw new WasiError(wasi.ERRNO_SPIPE)
  }

  /** @param whence `wasi.WHENCE_…` @returns the new offset. */
  seek(_delta: number, _whence: number): number {
    throw new WasiError(wasi.ERRNO_SPIPE)
  }

  stat(): FileStat {
    const never = 0n
    const { filetype } = this
    return { dev: 0n, ino: 0n, filetype, links: 1, size: 0, accessed: never, modified: never, changed: never }
  }

  setSize(_size: number): void {
    throw new WasiError(wasi.ERRNO_INVAL)
  }

  /** Sees that the file is at least so long. */
  allocate(_size: number): void {
    throw new WasiError(wasi.ERRNO_SPIPE)
  }

  setTimes(_times: FileTimes): void {
    throw new WasiError(wasi.ERRNO_INVAL)
  }

  advise(): void {
    throw new WasiError(wasi.ERRNO_SPIPE)
  }

  sync(): Later<void> {
    throw new WasiError(wasi.ERRNO_INVAL)
  }

  /** A write has been made: with O_SYNC, waits until it is stored. */
  written(): Later<void> {}

  /** What is in the directory, `.` and `..` included, by cookie. */
  entries(): Iterable<DirEntry> {
    throw new WasiError(wasi.ERRNO_NOTDIR)
  }

  /** @param how `wasi.SDFLAGS_…` */
  shutdown(_how: number): void {
    throw new WasiError(wasi.ERRNO_NOTSOCK)
  }

  /** Bytes that a read would give now, 0 also where it would give the end or an error; NOT_READY if it would wait. */
  readable(): number {
    return 0
  }

  /** Bytes that there is room for now, 0 also where a write would fail; NOT_READY if it would wait. */
  writable(): number {
    return 0
  }

  /** Nobody has it open any more. Called once, unless it is abandoned. */
  close(): Later<void> {}

  /** The guest is gone, or the message that a standard descriptor's number was taken for, and has not closed it. */
  abandon(): Later<void> {
    return this.close()
  }
}
