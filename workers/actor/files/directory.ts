import { wasi } from '@bjorn3/browser_wasi_shim'
import { nameBytes } from '../../../src/actors/files/files-api.ts'
import type { DirEntry } from '../wasi/descriptor.ts'
import { WasiError } from '../wasi/wasi-error.ts'
import { Inode } from './inode.ts'
import type { Mount } from './mount.ts'
import type { Volume } from './volume.ts'

/** Cookies of `.` and `..`. */
const SELF = 1
const PARENT = 2

interface Entry {
  inode: Inode
  cookie: number
}

/** Names, and what they lead to. */
export class Directory extends Inode {
  readonly filetype = wasi.FILETYPE_DIRECTORY
  /** In ascending order of their cookies, since what is added comes last. */
  readonly #entries = new Map<string, Entry>()
  #lastCookie = PARENT
  /** Itself, if it is the root of all. */
  parent: Directory = this

  get isEmpty(): boolean {
    return this.#entries.size === 0
  }

  get(name: string): Inode | undefined {
    return this.#entries.get(name)?.inode
  }

  /** Makes something with a name, which is free. @throws {WasiError} NOENT, NOSPC: then nothing is made. */
  make<T extends Inode>(name: string, make: (volume: Volume) => T): T {
    this.#reserve(nameBytes(name))
    try {
      const made = make(this.volume)
      this.#put(name, made)
      return made
    } catch (thrown) {
      this.volume.release(nameBytes(name))
      throw thrown
    }
  }

  /** Gives it a name, which is free. @throws {WasiError} NOENT, NOSPC */
  add(name: string, inode: Inode): void {
    this.#reserve(nameBytes(name))
    this.#put(name, inode)
  }

  /**
   * Has the root of another tree under a name, which is no link of that root: nobody takes it away when this tree is
   * gone.
   */
  mount(name: string, root: Directory): void {
    this.#reserve(nameBytes(name))
    this.#enter(name, root)
  }

  /** Takes the name away, if it is there. */
  remove(name: string): void {
    if (!this.#entries.has(name)) return
    this.#take(name)
    this.volume.release(nameBytes(name))
  }

  /**
   * Moves a name of a directory here, over what has this name. @throws {WasiError} NOENT, NOSPC: then nothing is
   * changed.
   */
  move(from: Directory, oldName: string, name: string): void {
    const inode = from.get(oldName)
    if (!inode) throw new WasiError(wasi.ERRNO_NOENT)
    this.#reserve((this.#entries.has(name) ? 0 : nameBytes(name)) - nameBytes(oldName))
    // Held on to, so that it is never without a name, and as a directory it can still be added to.
    inode.opened()
    this.#take(name)
    from.#take(oldName)
    this.#put(name, inode)
    inode.closed()
  }

  /** Whether it is the other directory, or somewhere below it. */
  isWithin(other: Directory): boolean {
    if (this === other) return true
    let at = this.parent
    while (at !== other) {
      if (at.parent === at) return false
      at = at.parent
    }
    return true
  }

  /** By their names, without `.` and `..`. */
  *children(): Iterable<[string, Inode]> {
    for (const [name, { inode }] of this.#entries) yield [name, inode]
  }

  *entries(): Iterable<DirEntry> {
    this.used()
    yield { name: '.', ino: this.ino, filetype: this.filetype, cookie: SELF }
    yield { name: '..', ino: this.parent.ino, filetype: this.filetype, cookie: PARENT }
    for (const [name, { inode, cookie }] of this.#entries) {
      yield { name, ino: inode.ino, filetype: inode.filetype, cookie }
    }
  }

  /** @throws {WasiError} NOENT if this directory was removed: it gets no names any more. */
  #reserve(bytes: number): void {
    if (this.links === 0) throw new WasiError(wasi.ERRNO_NOENT)
    this.volume.reserve(bytes)
  }

  #put(name: string, inode: Inode): void {
    this.#enter(name, inode)
    inode.linked()
  }

  #enter(name: string, inode: Inode): void {
    this.#entries.set(name, { inode, cookie: ++this.#lastCookie })
    if (inode instanceof Directory) inode.parent = this
    this.changed()
  }

  #take(name: string): void {
    const inode = this.get(name)
    if (!inode) return
    this.#entries.delete(name)
    inode.unlinked()
    this.changed()
  }
}

/** The directory of a {@link Mount} in the tree around it. */
export class MountPoint extends Inode {
  readonly filetype = wasi.FILETYPE_DIRECTORY
  readonly mount: Mount

  constructor(volume: Volume, mount: Mount) {
    super(volume)
    this.mount = mount
  }
}
