import { wasi } from '@bjorn3/browser_wasi_shim'
import { INODE_BYTES } from '../../../src/actors/files/files-api.ts'
import type { Barrier } from './barrier.ts'
import type { Later } from '../wasi/descriptor.ts'
import { WasiError } from '../wasi/wasi-error.ts'

let lastDev = 0n

/** A tree's storage: what all of its files take together is bounded. */
export class Volume {
  /** Number that tells volumes apart. */
  readonly dev = ++lastDev
  /** Counts the changes of anything in it. */
  version = 0
  /** What `fsync` of its files does. */
  readonly sync: () => Later<void>
  /** Set where `fsync` waits until its files are stored. */
  readonly barrier: Barrier | undefined
  #maxBytes = Infinity
  #bytes = 0
  #lastIno = 0n

  constructor(sync: () => Later<void> = () => undefined, barrier?: Barrier) {
    this.sync = sync
    this.barrier = barrier
  }

  /**
   * From now on it grows to so much and no more. What is there already stays.
   * @param maxBytes Largest memory of all files together, in bytes.
   */
  bound(maxBytes: number): void {
    this.#maxBytes = maxBytes
  }

  /** Memory of what is in it, in bytes. */
  get usedBytes(): number {
    return this.#bytes
  }

  /** Bytes that there is still room for; below zero if there is more than it may hold. */
  get left(): number {
    return this.#maxBytes - this.#bytes
  }

  /** Takes the room for something new, with so much content. @throws {WasiError} NOSPC: then it takes none. */
  newIno(contentBytes: number): bigint {
    this.reserve(INODE_BYTES + contentBytes)
    return ++this.#lastIno
  }

  /** Gives back what {@link newIno} took, but for the content. */
  dropIno(): void {
    this.release(INODE_BYTES)
  }

  /** @param bytes Below zero: it is given back. @throws {WasiError} NOSPC */
  reserve(bytes: number): void {
    if (bytes > 0 && bytes > this.left) throw new WasiError(wasi.ERRNO_NOSPC)
    this.#bytes += bytes
  }

  release(bytes: number): void {
    this.#bytes -= bytes
  }
}
