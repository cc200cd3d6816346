import { wasi } from '@bjorn3/browser_wasi_shim'
import type { Descriptor, Later } from './descriptor.ts'
import { WasiError } from './wasi-error.ts'

/** What a guest has open, by number. A new one gets the lowest number that is free. */
export class DescriptorTable {
  readonly #open: (Descriptor | undefined)[] = []
  readonly #max: number
  /** No number below is free. */
  #lowest = 0

  /** @param max Descriptors that may be open at once. */
  constructor(max: number) {
    this.#max = max
  }

  /** @throws {WasiError} BADF */
  get(fd: number): Descriptor {
    const descriptor = this.#open[fd]
    if (!descriptor) throw new WasiError(wasi.ERRNO_BADF)
    return descriptor
  }

  /** All that is open, by number. */
  *entries(): Iterable<readonly [fd: number, descriptor: Descriptor]> {
    for (const [fd, descriptor] of this.#open.entries()) if (descriptor) yield [fd, descriptor]
  }

  /** Whether it has that number. */
  holds(fd: number, descriptor: Descriptor): boolean {
    return this.#open[fd] === descriptor
  }

  /** @throws {WasiError} MFILE if there are too many. Ask before something is opened. */
  checkRoom(): void {
    while (this.#open[this.#lowest]) this.#lowest += 1
    if (this.#lowest >= this.#max) throw new WasiError(wasi.ERRNO_MFILE)
  }

  /** @returns its number. @throws {WasiError} MFILE */
  add(descriptor: Descriptor): number {
    this.checkRoom()
    this.#open[this.#lowest] = descriptor
    return this.#lowest
  }

  /** @throws {WasiError} BADF */
  close(fd: number): Later<void> {
    const descriptor = this.get(fd)
    this.#free(fd)
    return descriptor.close()
  }

  /** Moves a descriptor to the number of another, which is closed. @throws {WasiError} BADF if either is not open. */
  renumber(from: number, to: number): Later<void> {
    const [moved, replaced] = [this.get(from), this.get(to)]
    if (from === to) return
    this.#free(from)
    this.#open[to] = moved
    return replaced.close()
  }

  /** Puts a descriptor at a number. What was there is abandoned. */
  set(fd: number, descriptor: Descriptor): void {
    const replaced = this.#open[fd]
    this.#open[fd] = descriptor
    if (replaced) abandonQuietly(replaced)
  }

  /** Abandons a descriptor and frees its number, if it has one. */
  drop(descriptor: Descriptor): void {
    const fd = this.#open.indexOf(descriptor)
    if (fd < 0) return
    this.#free(fd)
    abandonQuietly(descriptor)
  }

  /** Abandons all, for a guest that is gone. */
  closeAll(): void {
    this.#lowest = 0
    for (const descriptor of this.#open.splice(0)) if (descriptor) abandonQuietly(descriptor)
  }

  #free(fd: number): void {
    this.#open[fd] = undefined
    this.#lowest = Math.min(this.#lowest, fd)
  }
}

/** What comes up when the guest, or the message, is gone that had it open is nobody's any more. */
function abandonQuietly(descriptor: Descriptor): void {
  try {
    void Promise.resolve(descriptor.abandon()).catch(() => undefined)
  } catch {
    // Others are still to be abandoned.
  }
}
