import type { Descriptor, FileStat, Later } from '../wasi/descriptor.ts'
import type { Rights } from '../wasi/rights.ts'

/** How a path is to be opened. */
export interface OpenHow {
  rights: Rights
  inheriting: Rights
  /** `wasi.FDFLAGS_…` */
  flags: number
  create: boolean
  /** Only with `create`: fail if it is there. */
  exclusive: boolean
  truncate: boolean
  /** It has to be a directory. */
  directory: boolean
  /** A slash comes behind the path, which asks for a directory where names have no slashes. */
  slash?: boolean
}

/**
 * Serves the paths under a directory that is no tree in memory. Paths have no `.`, `..` or empty parts; no parts stand
 * for the directory itself. Both throw {@link WasiError}, and may give promises where the guest can be suspended.
 */
export interface Mount {
  /**
   * @returns a descriptor of the caller's, with its rights and flags set; for a directory one that lists its entries.
   */
  open(path: readonly string[], how: OpenHow): Later<Descriptor>
  stat(path: readonly string[]): Later<FileStat>
}
