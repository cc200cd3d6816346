import { wasi } from '@bjorn3/browser_wasi_shim'
import type { FileStat, FileTimes } from '../wasi/descriptor.ts'
import type { Volume } from './volume.ts'

/**
 * A time: ns since 1970 if a guest has set it, else ms. To make a BigInt at each write would cost more than the write.
 */
type Time = bigint | number

/** Something that names in directories lead to. */
export abstract class Inode {
  /** `wasi.FILETYPE_…` */
  abstract readonly filetype: number
  readonly volume: Volume
  readonly ino: bigint
  /** Names that it has. With none left it lives as long as it is open. */
  links = 0
  /** Counts the changes of its content. */
  version = 0
  #opens = 0
  #accessed: Time = Date.now()
  #modified: Time = this.#accessed
  #changed: Time = this.#accessed

  /** @param contentBytes What it gives back in `free`. @throws {WasiError} NOSPC */
  constructor(volume: Volume, contentBytes = 0) {
    this.volume = volume
    this.ino = volume.newIno(contentBytes)
  }

  get size(): number {
    return 0
  }

  stat(): FileStat {
    return {
      dev: this.volume.dev,
      ino: this.ino,
      filetype: this.filetype,
      links: this.links,
      size: this.size,
      accessed: inNs(this.#accessed),
      modified: inNs(this.#modified),
      changed: inNs(this.#changed),
    }
  }

  setTimes({ accessed, modified }: FileTimes): void {
    if (accessed !== undefined) this.#accessed = accessed
    if (modified !== undefined) this.#modified = modified
    this.#changed = Date.now()
  }

  /** It has one name more. */
  linked(): void {
    this.links += 1
    this.#changed = Date.now()
  }

  /** It has one name less. */
  unlinked(): void {
    this.links -= 1
    this.#changed = Date.now()
    this.#freeIfUnused()
  }

  opened(): void {
    this.#opens += 1
  }

  closed(): void {
    this.#opens -= 1
    this.#freeIfUnused()
  }

  /** Notes that the content has changed. */
  protected changed(): void {
    this.#modified = this.#changed = Date.now()
    this.version += 1
    this.volume.version += 1
  }

  /** Notes that the content was read. */
  protected used(): void {
    this.#accessed = Date.now()
  }

  /** Gives back to the volume what the content took. */
  protected free(): void {}

  #freeIfUnused(): void {
    if (this.links > 0 || this.#opens > 0) return
    this.free()
    this.volume.dropIno()
  }
}

function inNs(time: Time): bigint {
  return typeof time === 'bigint' ? time : BigInt(Math.round(time)) * 1_000_000n
}

/** What a symbolic link leads to is looked up each time: it may lead nowhere. */
export class Symlink extends Inode {
  readonly filetype = wasi.FILETYPE_SYMBOLIC_LINK
  readonly target: string

  constructor(volume: Volume, target: string) {
    super(volume, target.length)
    this.target = target
  }

  override get size(): number {
    return new TextEncoder().encode(this.target).length
  }

  protected override free(): void {
    this.volume.release(this.target.length)
  }
}
