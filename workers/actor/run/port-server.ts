import { type RunEnd, RunStatus } from '../../../src/actors/worker/control.ts'
import type { ServeEnd } from '../../../src/actors/worker/worker-api.ts'
import type { GuestPort } from '../carrier/guest-port.ts'
import { PortStdio } from '../carrier/port-stdio.ts'
import type { Instance } from './instance.ts'
import type { Server } from './server.ts'

/** Runs messages that arrive over a port, one at a time: suspending the guest (JSPI), or holding the message whole. */
export class PortServer implements Server {
  readonly stdio: PortStdio
  readonly #port: GuestPort
  /** The serving instance. A message that arrives before it (by another port) waits. */
  #instance = Promise.withResolvers<Instance>()
  #ended = Promise.withResolvers<ServeEnd>()

  constructor(port: GuestPort) {
    this.#port = port
    this.stdio = new PortStdio(port)
    port.onRun = ({ method, again }) => {
      // There was no room for the instance, and the part of the message that arrived is here.
      if (!again) this.stdio.begin()
      void this.#run(method)
    }
  }

  get suspends(): boolean {
    return this.#port.suspends
  }

  serve(instance: Instance): Promise<ServeEnd> {
    // What it wrote while it was made.
    this.#port.flush()
    this.#ended = Promise.withResolvers()
    this.#instance.resolve(instance)
    return this.#ended.promise
  }

  async #run(method: number): Promise<void> {
    const instance = await this.#instance.promise
    try {
      if (!this.suspends) await this.stdio.whole()
      const { end, exit } = await instance.run(method)
      this.#finish(end)
      if (exit) this.#end(exit)
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown)
      const nothing = { code: 0, memoryBytes: 0, tmpBytes: 0, fileReports: 0, synced: false }
      this.#finish({ ...nothing, status: RunStatus.trapped, instanceGone: true })
      this.#end({ reason: 'trapped', message, frames: [] })
    }
  }

  #end(exit: ServeEnd): void {
    this.#instance = Promise.withResolvers()
    this.#ended.resolve(exit)
  }

  #finish(end: RunEnd): void {
    this.#port.post({ type: 'done', ...end })
  }
}
