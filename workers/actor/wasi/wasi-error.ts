/**
 * The failure of a WASI call, as one of the shim's `wasi.ERRNO_…`. It is thrown anywhere; {@link guard} makes it the
 * result of the call. It has no stack: guests run into errnos all the time.
 */
export class WasiError {
  readonly errno: number

  constructor(errno: number) {
    this.errno = errno
  }
}

/** @throws {WasiError} for a count below 0, which is an errno, negated. */
export function orThrow(count: number): number {
  if (count < 0) throw new WasiError(-count)
  return count
}
