import { wasi } from '@bjorn3/browser_wasi_shim'
import type { OpenHow } from '../files/mount.ts'
import type { CallSpace } from './call-space.ts'
import { Descriptor, type DirEntry, type FileStat } from '../wasi/descriptor.ts'
import { ALL_RIGHTS, DIRECTORY_RIGHTS } from '../wasi/rights.ts'

/** An open directory of calls. It keeps the names of the time when it was opened. */
export class CallFolder extends Descriptor {
  readonly filetype = wasi.FILETYPE_DIRECTORY
  readonly #space: CallSpace
  readonly #path: readonly string[]
  readonly #names: readonly string[]

  /** @param path Below the mount. */
  constructor(space: CallSpace, path: readonly string[], names: readonly string[], how: OpenHow) {
    super()
    this.#space = space
    this.#path = path
    this.#names = names
    this.flags = how.flags
    // As for a call: a guest that asks for no rights gets those that the directory above passes on.
    this.rights = how.rights & DIRECTORY_RIGHTS || DIRECTORY_RIGHTS
    this.inheriting = how.inheriting || how.rights || ALL_RIGHTS
  }

  override stat(): FileStat {
    return statOf(this.#space, this.#path)
  }

  override *entries(): Iterable<DirEntry> {
    let cookie = 0
    for (const [name, path] of [
      ['.', this.#path],
      ['..', this.#path.slice(0, -1)],
    ] as const) {
      yield { name, ino: inoOf(path), filetype: wasi.FILETYPE_DIRECTORY, cookie: ++cookie }
    }
    for (const name of this.#names) {
      const path = [...this.#path, name]
      yield { name, ino: inoOf(path), filetype: filetypeOf(this.#space, path), cookie: ++cookie }
    }
  }
}

function filetypeOf(space: CallSpace, path: readonly string[]): number {
  return space.isCall(path) ? wasi.FILETYPE_CHARACTER_DEVICE : wasi.FILETYPE_DIRECTORY
}

/** The facts about a path that exists. Nobody knows when a process was last used. */
export function statOf(space: CallSpace, path: readonly string[]): FileStat {
  const { dev } = space
  const filetype = filetypeOf(space, path)
  const never = 0n
  return { dev, ino: inoOf(path), filetype, links: 1, size: 0, accessed: never, modified: never, changed: never }
}

/** The same number for the same path, and hardly ever the same for two paths. Libraries take 0 for no file at all. */
export function inoOf(path: readonly string[]): bigint {
  // FNV-1a, 64 bits.
  let hash = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(path.join('/'))) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  }
  return hash || 1n
}
