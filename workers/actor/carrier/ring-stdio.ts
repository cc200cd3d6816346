import { wasi } from '@bjorn3/browser_wasi_shim'
import { BROKEN, Ring } from '../../../src/actors/carrier/ring.ts'
import { RingCarrier } from '../../../src/actors/carrier/ring-carrier.ts'
import { BlockingCall } from './guest-call.ts'
import type { Stdio } from './stdio.ts'

/** Standard descriptors over shared rings. Reads and writes block the worker, as guests expect. */
export class RingStdio implements Stdio {
  readonly call: BlockingCall
  readonly #stdin: Ring
  readonly #stdout: Ring
  readonly #stderr: Ring

  constructor(buffers: { stdin: SharedArrayBuffer; stdout: SharedArrayBuffer; stderr: SharedArrayBuffer }) {
    this.#stdin = new Ring(buffers.stdin)
    this.#stdout = new Ring(buffers.stdout)
    this.#stderr = new Ring(buffers.stderr)
    this.call = new BlockingCall(new RingCarrier(this.#stdin, this.#stdout))
  }

  writeError(source: Uint8Array): number {
    const count = this.#stderr.writeBlocking(source)
    return count === BROKEN ? -wasi.ERRNO_PIPE : count
  }

  waitFor(isReady: () => boolean, timeoutMs: number): void {
    this.#stdin.waitUntil(isReady, timeoutMs)
  }

  nudge(): void {
    this.#stdin.nudge()
  }

  /**
   * Makes the page look at the control words. It does not end the ring after a message, because the page may already
   * have reset it for the next one.
   */
  wakePage(): void {
    this.#stdout.tell()
  }
}
