import { wasi } from '@bjorn3/browser_wasi_shim'
import { WasiError } from './wasi-error.ts'

/** Most buffers of one call. Other systems call this IOV_MAX. */
const MAX_BUFFERS = 1024
/** Longest path, in bytes. */
const MAX_PATH = 4096

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The guest's memory. WebAssembly gives its pointers as signed numbers. A pointer out of the memory is the guest's
 * mistake: every method then throws {@link WasiError} FAULT.
 */
export class GuestMemory {
  #memory: WebAssembly.Memory | undefined
  #bytes = new Uint8Array()
  #view = new DataView(this.#bytes.buffer)

  attach(memory: WebAssembly.Memory): void {
    this.#memory = memory
  }

  /**
   * Call it before each call of the guest is handled: a memory that has grown is another buffer. It cannot grow while
   * the guest waits. Asking at each access would take longer than a small message.
   */
  refresh(): void {
    const buffer = this.#memory?.buffer
    if (!buffer || buffer === this.#bytes.buffer) return
    this.#bytes = new Uint8Array(buffer)
    this.#view = new DataView(buffer)
  }

  /** Checks that so many bytes are inside the memory. @returns `at` as an unsigned number. */
  check(at: number, length: number): number {
    const start = at >>> 0
    if (start + length <= this.#bytes.length) return start
    if (!this.#memory) throw new WebAssembly.RuntimeError('the module called out before it was instantiated')
    throw new WasiError(wasi.ERRNO_FAULT)
  }

  /** The bytes themselves, until the guest runs again. */
  bytes(at: number, length: number): Uint8Array<ArrayBuffer> {
    const start = this.check(at, length >>> 0)
    return this.#bytes.subarray(start, start + (length >>> 0))
  }

  /** @throws {WasiError} ILSEQ if it is not UTF-8. */
  text(at: number, length: number): string {
    try {
      return decoder.decode(this.bytes(at, length))
    } catch (thrown) {
      throw thrown instanceof WasiError ? thrown : new WasiError(wasi.ERRNO_ILSEQ)
    }
  }

  /** @throws {WasiError} ILSEQ, INVAL, NAMETOOLONG or NOENT if it can be no path. */
  path(at: number, length: number): string {
    if (length >>> 0 > MAX_PATH) throw new WasiError(wasi.ERRNO_NAMETOOLONG)
    const path = this.text(at, length)
    if (path === '') throw new WasiError(wasi.ERRNO_NOENT)
    if (path.includes('\0')) throw new WasiError(wasi.ERRNO_INVAL)
    return path
  }

  /**
   * Checks a list of buffers.
   * @returns how many of them are used. Of a longer list these are the first 1024, and the rest is for the next call.
   * @throws {WasiError} INVAL if the list is longer than the memory.
   */
  checkBuffers(list: number, count: number): number {
    const listBytes = (count >>> 0) * 8
    if (listBytes > this.#bytes.length) throw new WasiError(wasi.ERRNO_INVAL)
    this.check(list, listBytes)
    return Math.min(count >>> 0, MAX_BUFFERS)
  }

  /** A buffer of a checked list. It may be empty. */
  buffer(list: number, index: number): Uint8Array<ArrayBuffer> {
    const at = (list >>> 0) + index * 8
    return this.bytes(this.u32(at), this.u32(at + 4))
  }

  u8(at: number): number {
    return this.#view.getUint8(this.check(at, 1))
  }

  u16(at: number): number {
    return this.#view.getUint16(this.check(at, 2), true)
  }

  u32(at: number): number {
    return this.#view.getUint32(this.check(at, 4), true)
  }

  u64(at: number): bigint {
    return this.#view.getBigUint64(this.check(at, 8), true)
  }

  setU8(at: number, value: number): void {
    this.#view.setUint8(this.check(at, 1), value)
  }

  setU16(at: number, value: number): void {
    this.#view.setUint16(this.check(at, 2), value, true)
  }

  setU32(at: number, value: number): void {
    this.#view.setUint32(this.check(at, 4), value, true)
  }

  setU64(at: number, value: bigint): void {
    this.#view.setBigUint64(this.check(at, 8), value, true)
  }
}
