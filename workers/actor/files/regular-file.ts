import { wasi } from '@bjorn3/browser_wasi_shim'
import { WasiError } from '../wasi/wasi-error.ts'
import { Inode } from './inode.ts'
import type { Volume } from './volume.ts'

/** Least room of a file that holds anything, in bytes. */
const MIN_CAPACITY = 1024

/**
 * Bytes in memory. Its room doubles when it runs out, or takes half of what is left, so that a file which grows by many
 * writes is not copied at each.
 */
export class RegularFile extends Inode {
  readonly filetype = wasi.FILETYPE_REGULAR_FILE
  /** What is behind the end is always zero. */
  #room: Uint8Array<ArrayBuffer>
  #size: number

  /**
   * @param bytes Its content, which is not copied.
   * @throws {WasiError} NOSPC
   */
  constructor(volume: Volume, bytes: Uint8Array<ArrayBuffer> = new Uint8Array()) {
    super(volume, bytes.length)
    this.#room = bytes
    this.#size = bytes.length
  }

  override get size(): number {
    return this.#size
  }

  /** A copy of the content. */
  get content(): Uint8Array<ArrayBuffer> {
    return this.#room.slice(0, this.#size)
  }

  /** @returns the bytes read: fewer than there is room for only at the end. */
  read(target: Uint8Array, offset: number): number {
    this.used()
    const count = Math.max(0, Math.min(target.length, this.#size - offset))
    if (count > 0) target.set(this.#room.subarray(offset, offset + count))
    return count
  }

  /** Writes all of it; a gap between the end and `offset` is zeros. @throws {WasiError} NOSPC */
  write(source: Uint8Array, offset: number): number {
    const end = offset + source.length
    this.#reserve(end)
    this.#room.set(source, offset)
    if (end > this.#size) this.#size = end
    this.changed()
    return source.length
  }

  /** Cuts off what is behind, or adds zeros. @throws {WasiError} NOSPC */
  setSize(size: number): void {
    if (size === 0) this.free()
    else if (size < this.#size) this.#room.fill(0, size, this.#size)
    else this.#reserve(size)
    this.#size = size
    this.changed()
  }

  protected override free(): void {
    this.volume.release(this.#room.length)
    this.#room = new Uint8Array()
    this.#size = 0
  }

  #reserve(needed: number): void {
    const { length } = this.#room
    if (needed <= length) return
    const doubled = Math.max(needed, length * 2, MIN_CAPACITY)
    // Where twice as much does not fit, half of what is left: so the last of the room is not filled by one copy a
    // write.
    const left = this.volume.left - (needed - length)
    const capacity = Math.max(needed, Math.min(doubled, needed + Math.floor(left / 2)))
    this.volume.reserve(capacity - length)
    try {
      const room = new Uint8Array(capacity)
      room.set(this.#room.subarray(0, this.#size))
      this.#room = room
    } catch {
      // The browser has no such memory.
      this.volume.release(capacity - length)
      throw new WasiError(wasi.ERRNO_NOSPC)
    }
  }
}
