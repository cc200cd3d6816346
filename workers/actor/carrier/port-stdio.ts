import type { PortCarrier } from '../../../src/actors/carrier/port-carrier.ts'
import { windowsOf } from '../../../src/actors/worker/worker-api.ts'
import { PortCall } from './guest-call.ts'
import type { GuestPort } from './guest-port.ts'
import type { Stdio } from './stdio.ts'

/** Bytes of stderr that are passed on for one message. Without shared memory they have no back-pressure. */
const MAX_STDERR_BYTES = 1024 * 1024

/**
 * Standard descriptors over the port. With JSPI, reads and writes that wait give promises, and the guest is suspended.
 * In the buffered tier the guest starts when the whole message has arrived, so no read waits. No write waits there
 * either.
 */
export class PortStdio implements Stdio {
  readonly call: PortCall
  readonly #carrier: PortCarrier
  readonly #port: GuestPort
  #stderrLeft = MAX_STDERR_BYTES

  constructor(port: GuestPort) {
    this.#port = port
    const { message, reply } = windowsOf(port.suspends ? 'JSPI' : 'buffered')
    this.#carrier = port.open(0, { takesBytes: message, sendsBytes: reply })
    this.call = new PortCall(this.#carrier, port)
  }

  /** A new message begins. */
  begin(): void {
    this.#carrier.reset()
    this.#stderrLeft = MAX_STDERR_BYTES
  }

  /** Resolves when the whole message has arrived, or the call is over. */
  whole(): Promise<void> {
    return this.#port.until(() => this.#carrier.ended || this.#carrier.failed)
  }

  writeError(source: Uint8Array): number {
    const count = Math.min(source.length, this.#stderrLeft)
    this.#stderrLeft -= count
    if (count > 0) this.#port.log(source.subarray(0, count))
    return source.length
  }

  waitFor(isReady: () => boolean, timeoutMs: number): void | Promise<void> {
    if (this.#port.suspends) return isReady() ? this.#port.flush() : this.#port.until(isReady, timeoutMs)
    this.#port.flush()
    const until = performance.now() + timeoutMs
    // Nothing arrives while the guest holds the thread, and without shared memory it cannot block. Only time passes.
    while (!isReady() && performance.now() < until);
  }

  nudge(): void {
    this.#port.nudge()
  }
}
