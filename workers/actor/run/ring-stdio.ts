import { Ring } from '../../../src/actors/worker/ring.ts'
import type { Stdio } from './stdio.ts'

/** Standard descriptors over shared rings: reads and writes block the worker, as guests expect. */
export class RingStdio implements Stdio {
  readonly #stdin: Ring
  readonly #stdout: Ring
  readonly #stderr: Ring

  constructor(buffers: { stdin: SharedArrayBuffer; stdout: SharedArrayBuffer; stderr: SharedArrayBuffer }) {
    this.#stdin = new Ring(buffers.stdin)
    this.#stdout = new Ring(buffers.stdout)
    this.#stderr = new Ring(buffers.stderr)
  }

  read(target: Uint8Array): number {
    return this.#stdin.readBlocking(target)
  }

  write(source: Uint8Array): number {
    return this.#stdout.writeBlocking(source)
  }

  writeError(source: Uint8Array): number {
    return this.#stderr.writeBlocking(source)
  }

  closeRead(): void {
    this.#stdin.cancel()
    // The page's feeder hears of it only with more of the message in its hands.
    this.wakePage()
  }

  closeWrite(): void {
    this.#stdout.end()
  }

  get available(): number {
    return this.#stdin.available
  }

  get readable(): boolean {
    return this.#stdin.available > 0 || this.#stdin.finished
  }

  get broken(): boolean {
    return this.#stdin.aborted
  }

  get room(): number {
    return this.#stdout.room
  }

  get writable(): boolean {
    return this.#stdout.room > 0 || this.#stdout.broken
  }

  waitFor(isReady: () => boolean, timeoutMs: number): void {
    this.#stdin.waitUntil(isReady, timeoutMs)
  }

  nudge(): void {
    this.#stdin.nudge()
  }

  /**
   * Has the page look at the control words and at the ends of the rings. When a message is done it does not end the ring: the
   * page may have reset it for the next one already.
   */
  wakePage(): void {
    this.#stdout.wake()
  }
}
