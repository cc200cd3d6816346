import { wasi } from '@bjorn3/browser_wasi_shim'
import { WasiError } from '../wasi/wasi-error.ts'
import { RegularFile } from './regular-file.ts'

/**
 * A file that its owner has given, and the guest cannot change. Its bytes are those of every instance in the worker.
 */
export class ReadOnlyFile extends RegularFile {
  override write(): never {
    throw new WasiError(wasi.ERRNO_ROFS)
  }

  override setSize(): never {
    throw new WasiError(wasi.ERRNO_ROFS)
  }
}
