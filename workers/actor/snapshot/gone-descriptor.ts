import { wasi } from '@bjorn3/browser_wasi_shim'
import { Descriptor } from '../wasi/descriptor.ts'

/** Keeps the number of something that was open when a snapshot was taken and cannot be opened again, such as a call. */
export class GoneDescriptor extends Descriptor {
  readonly filetype = wasi.FILETYPE_UNKNOWN
}
