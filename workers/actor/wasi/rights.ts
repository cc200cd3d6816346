import { wasi } from '@bjorn3/browser_wasi_shim'

/**
 * What may be done with a descriptor, and with what is opened through it. WASI has 64 bits for rights and uses 30, so
 * they are numbers here: a BigInt for each read would cost more than the check.
 */
export type Rights = number

/** Rights that a regular file can have. */
export const FILE_RIGHTS: Rights =
  wasi.RIGHTS_FD_DATASYNC |
  wasi.RIGHTS_FD_READ |
  wasi.RIGHTS_FD_SEEK |
  wasi.RIGHTS_FD_FDSTAT_SET_FLAGS |
  wasi.RIGHTS_FD_SYNC |
  wasi.RIGHTS_FD_TELL |
  wasi.RIGHTS_FD_WRITE |
  wasi.RIGHTS_FD_ADVISE |
  wasi.RIGHTS_FD_ALLOCATE |
  wasi.RIGHTS_FD_FILESTAT_GET |
  wasi.RIGHTS_FD_FILESTAT_SET_SIZE |
  wasi.RIGHTS_FD_FILESTAT_SET_TIMES |
  wasi.RIGHTS_POLL_FD_READWRITE

/** Rights that a directory can have. */
export const DIRECTORY_RIGHTS: Rights =
  wasi.RIGHTS_FD_FDSTAT_SET_FLAGS |
  wasi.RIGHTS_FD_SYNC |
  wasi.RIGHTS_FD_ADVISE |
  wasi.RIGHTS_PATH_CREATE_DIRECTORY |
  wasi.RIGHTS_PATH_CREATE_FILE |
  wasi.RIGHTS_PATH_LINK_SOURCE |
  wasi.RIGHTS_PATH_LINK_TARGET |
  wasi.RIGHTS_PATH_OPEN |
  wasi.RIGHTS_FD_READDIR |
  wasi.RIGHTS_PATH_READLINK |
  wasi.RIGHTS_PATH_RENAME_SOURCE |
  wasi.RIGHTS_PATH_RENAME_TARGET |
  wasi.RIGHTS_PATH_FILESTAT_GET |
  wasi.RIGHTS_PATH_FILESTAT_SET_SIZE |
  wasi.RIGHTS_PATH_FILESTAT_SET_TIMES |
  wasi.RIGHTS_FD_FILESTAT_GET |
  wasi.RIGHTS_FD_FILESTAT_SET_TIMES |
  wasi.RIGHTS_PATH_SYMLINK |
  wasi.RIGHTS_PATH_REMOVE_DIRECTORY |
  wasi.RIGHTS_PATH_UNLINK_FILE |
  wasi.RIGHTS_POLL_FD_READWRITE

/** Rights that a stream between processes can have, beside reading and writing. */
export const STREAM_RIGHTS: Rights =
  wasi.RIGHTS_FD_FDSTAT_SET_FLAGS |
  wasi.RIGHTS_FD_FILESTAT_GET |
  wasi.RIGHTS_POLL_FD_READWRITE |
  wasi.RIGHTS_SOCK_SHUTDOWN

/** All rights. */
export const ALL_RIGHTS: Rights = FILE_RIGHTS | DIRECTORY_RIGHTS | STREAM_RIGHTS

/** The known rights among those that a guest asks for: some ask for every bit. */
export function toRights(value: bigint): Rights {
  return Number(BigInt.asUintN(30, value)) & ALL_RIGHTS
}
