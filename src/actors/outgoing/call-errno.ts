import type { ErrorCode } from '../../glia/errors.ts'

/** Numbers of WASI preview 1 that a call through a file can fail with. */
export const ERRNO = {
  ACCES: 2,
  AGAIN: 6,
  BUSY: 10,
  CANCELED: 11,
  DEADLK: 16,
  HOSTUNREACH: 23,
  IO: 29,
  MFILE: 33,
  NAMETOOLONG: 37,
  NOENT: 44,
  NOTSUP: 58,
  TIMEDOUT: 73,
} as const

const BY_CODE: Partial<Record<ErrorCode, number>> = {
  ERR_BAD_ADDRESS: ERRNO.NOENT,
  ERR_NO_PROC: ERRNO.NOENT,
  ERR_NO_METHOD: ERRNO.NOENT,
  ERR_DENIED: ERRNO.ACCES,
  ERR_CYCLE: ERRNO.DEADLK,
  ERR_UNREACHABLE: ERRNO.HOSTUNREACH,
  ERR_NO_TAB: ERRNO.HOSTUNREACH,
  ERR_DEADLINE: ERRNO.TIMEDOUT,
  ERR_MAILBOX_FULL: ERRNO.AGAIN,
  ERR_LIVE_LIMIT: ERRNO.AGAIN,
  ERR_ABORTED: ERRNO.CANCELED,
}

/** What a guest gets for a call that failed. Anything that it could not do better about is an I/O error. */
export function errnoOf(code: ErrorCode): number {
  return BY_CODE[code] ?? ERRNO.IO
}

/**
 * The same from a read or a write of an open file. There EAGAIN means that nothing has come yet, and whoever polls would come
 * again at once, for ever.
 */
export function errnoOfOpen(errno: number): number {
  return errno === ERRNO.AGAIN ? ERRNO.BUSY : errno
}
