/**
 * Why a WASI call failed, as one of the shim's `wasi.ERRNO_…`. Thrown wherever it happens; {@link guard} makes it the call's
 * result. It carries no stack: guests run into errnos all the time.
 */
export class WasiError {
  readonly errno: number

  constructor(errno: number) {
    this.errno = errno
  }
}
