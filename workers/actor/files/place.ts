import type { Directory } from './directory.ts'
import type { Mount } from './mount.ts'

/** A path in a {@link Mount}. */
export interface MountPlace {
  readonly mount: Mount
  readonly path: readonly string[]
}

/** A directory that is open: in a tree, or in a mount. */
export type Place = Directory | MountPlace
