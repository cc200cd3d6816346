import type { ErrorCode } from '../../glia/errors.ts'

/** Errnos of WASI preview 1 with which a call through a file can fail. */
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
  ERR_NO_PATH: ERRNO.NOENT,
  ERR_DENIED: ERRNO.ACCES,
  ERR_CYCLE: ERRNO.DEADLK,
  ERR_UNREACHABLE: ERRNO.HOSTUNREACH,
  ERR_NO_TAB: ERRNO.HOSTUNREACH,
  ERR_DEADLINE: ERRNO.TIMEDOUT,
  ERR_MAILBOX_FULL: ERRNO.AGAIN,
  ERR_LIVE_LIMIT: ERRNO.AGAIN,
  ERR_ABORTED: ERRNO.CANCELED,
}

/** The errno of a failed call. It is an I/O error, unless the guest could do something about the failure. */
export function errnoOf(code: ErrorCode): number {
  return BY_CODE[code] ?? ERRNO.IO
}
