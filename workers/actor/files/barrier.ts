import { wasi } from '@bjorn3/browser_wasi_shim'
import { type FilesSynced, SyncWords } from '../../../src/actors/files/file-barrier.ts'
import type { KeptFiles } from '../../../src/actors/files/files-api.ts'
import type { Later } from '../wasi/descriptor.ts'
import { WasiError } from '../wasi/wasi-error.ts'

/** Waits until the page has stored the reported changes. */
export interface Barrier {
  /** @throws {WasiError} NOTSUP if this guest cannot wait. */
  check(): void
  /** @returns whether everything up to this number is stored. */
  wait(sync: number): Later<boolean>
}

/** @returns undefined if `fsync` does not wait. */
export function barrierOf({ barrier, port }: KeptFiles): Barrier | undefined {
  if (barrier === undefined) return undefined
  if (barrier === 'port') return new PortBarrier(port)
  if (barrier === 'none') return new NoBarrier()
  const words = new SyncWords(barrier)
  return { check: () => undefined, wait: (sync) => words.wait(sync) }
}

class NoBarrier implements Barrier {
  check(): never {
    throw new WasiError(wasi.ERRNO_NOTSUP)
  }

  wait(): never {
    this.check()
  }
}

/** For guests that are suspended while they wait. */
class PortBarrier implements Barrier {
  readonly #waiting = new Map<number, (ok: boolean) => void>()

  constructor(port: MessagePort) {
    port.onmessage = ({ data }: MessageEvent<FilesSynced>) => {
      this.#waiting.get(data.sync)?.(data.ok)
      this.#waiting.delete(data.sync)
    }
  }

  check(): void {}

  wait(sync: number): Promise<boolean> {
    return new Promise((resolve) => this.#waiting.set(sync, resolve))
  }
}
