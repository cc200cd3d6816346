import { wasi } from '@bjorn3/browser_wasi_shim'
import { WasiError } from '../wasi/wasi-error.ts'

/** Memory that an empty file or a directory costs beside its bytes, about. It keeps a guest from making them without end. */
const INODE_BYTES = 256

let lastDev = 0n

/** A tree's storage: what all of its files take together is bounded. */
export class Volume {
  /** Number that tells volumes apart. */
  readonly dev = ++lastDev
  /** Counts the changes of anything in it. */
  version = 0
  /** What `fsync` of its files does. */
  readonly sync: () => void
  #maxBytes = Infinity
  #bytes = 0
  #lastIno = 0n

  constructor(sync: () => void = () => undefined) {
    this.sync = sync
  }

  /**
   * From now on it grows to so much and no more. What is there already stays.
   * @param maxBytes Largest memory of all files together, in bytes.
   */
  bound(maxBytes: number): void {
    this.#maxBytes = maxBytes
  }

  /** Bytes that there is still room for; below zero if there is more than it may hold. */
  get left(): number {
    return this.#maxBytes - this.#bytes
  }

  /** Takes the room for a new file. @throws {WasiError} NOSPC */
  newIno(): bigint {
    this.reserve(INODE_BYTES)
    return ++this.#lastIno
  }

  /** Gives back what {@link newIno} took. */
  dropIno(): void {
    this.release(INODE_BYTES)
  }

  /** @throws {WasiError} NOSPC */
  reserve(bytes: number): void {
    if (!this.hasRoomFor(bytes)) throw new WasiError(wasi.ERRNO_NOSPC)
    this.#bytes += bytes
  }

  release(bytes: number): void {
    this.#bytes -= bytes
  }

  hasRoomFor(bytes: number): boolean {
    return bytes <= this.left
  }
}
