import { wasi } from '@bjorn3/browser_wasi_shim'
import type { FileTimes } from './descriptor.ts'
import { WasiError } from './wasi-error.ts'

const ALL = wasi.FSTFLAGS_ATIM | wasi.FSTFLAGS_ATIM_NOW | wasi.FSTFLAGS_MTIM | wasi.FSTFLAGS_MTIM_NOW

/** The times of `…_filestat_set_times`. @throws {WasiError} INVAL if a time is to be both given and now. */
export function fileTimes(accessed: bigint, modified: bigint, flags: number): FileTimes {
  if ((flags & ~ALL) !== 0) throw new WasiError(wasi.ERRNO_INVAL)
  return {
    accessed: pick(accessed, (flags & wasi.FSTFLAGS_ATIM) !== 0, (flags & wasi.FSTFLAGS_ATIM_NOW) !== 0),
    modified: pick(modified, (flags & wasi.FSTFLAGS_MTIM) !== 0, (flags & wasi.FSTFLAGS_MTIM_NOW) !== 0),
  }
}

function pick(given: bigint, isGiven: boolean, isNow: boolean): bigint | undefined {
  if (isGiven && isNow) throw new WasiError(wasi.ERRNO_INVAL)
  if (isNow) return BigInt(Date.now()) * 1_000_000n
  return isGiven ? BigInt.asUintN(64, given) : undefined
}
