import type { CallRoot } from '../../../src/actors/worker/worker-api.ts'

/** A directory of `/` whose files are calls. */
export interface CallSpace {
  readonly root: CallRoot
  /** The device of its files. Two files of one device have different numbers. */
  readonly dev: bigint
  /** The only name in it, if that is always the same. */
  readonly only?: string
  /** Whether a path below it is a call. The others are directories. */
  isCall(path: readonly string[]): boolean
  /** Whether a slash behind a call belongs to its name. If not, the call would have to be a directory. */
  readonly keepsSlash?: boolean
}

/** The mesh: `/ww/0.1.0/{host}/{proc}/{method}`. */
const MESH: CallSpace = { root: 'ww', dev: 0n, only: '0.1.0', isCall: ({ length }) => length === 4 }

/** HTTP requests: `/http/{method}/{scheme}/{host}/…`, or the same below `/http/full`. */
const HTTP: CallSpace = {
  root: 'http',
  dev: 1n,
  isCall: ([first, ...rest]) => rest.length >= (first === 'full' ? 3 : 2),
  keepsSlash: true,
}

export const SPACES: Readonly<Record<CallRoot, CallSpace>> = { ww: MESH, http: HTTP }
