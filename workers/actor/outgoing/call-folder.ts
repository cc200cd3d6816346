import { wasi } from '@bjorn3/browser_wasi_shim'
import type { OpenHow } from '../files/mount.ts'
import { Descriptor, type DirEntry, type FileStat } from '../wasi/descriptor.ts'
import { ALL_RIGHTS, DIRECTORY_RIGHTS } from '../wasi/rights.ts'

/** An open directory of the mesh. It keeps the names of the time when it was opened. */
export class CallFolder extends Descriptor {
  readonly filetype = wasi.FILETYPE_DIRECTORY
  readonly #path: readonly string[]
  readonly #names: readonly string[]

  /** @param path Below the mount. */
  constructor(path: readonly string[], names: readonly string[], how: OpenHow) {
    super()
    this.#path = path
    this.#names = names
    this.flags = how.flags
    // As for a call: a guest that asks for no rights gets those that the directory above passes on.
    this.rights = how.rights & DIRECTORY_RIGHTS || DIRECTORY_RIGHTS
    this.inheriting = how.inheriting || how.rights || ALL_RIGHTS
  }

  override stat(): FileStat {
    return statOf(this.#path)
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
      yield { name, ino: inoOf(path), filetype: filetypeOf(path), cookie: ++cookie }
    }
  }
}

/** Parts of a path below the mount that name a method: version, host, process, method. */
export const METHOD_PARTS = 4

function filetypeOf(path: readonly string[]): number {
  return path.length === METHOD_PARTS ? wasi.FILETYPE_CHARACTER_DEVICE : wasi.FILETYPE_DIRECTORY
}

/** The facts about a path that exists. Nobody knows when a process was last used. */
export function statOf(path: readonly string[]): FileStat {
  const filetype = filetypeOf(path)
  const never = 0n
  return { dev: 0n, ino: inoOf(path), filetype, links: 1, size: 0, accessed: never, modified: never, changed: never }
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
