import { type RunEnd, RunStatus } from '../../../src/actors/worker/control.ts'
import { type Channel, readToWorker, type ServeEnd, type ToWorker } from '../../../src/actors/worker/worker-api.ts'
import type { Instance } from './instance.ts'
import { PortStdio } from './port-stdio.ts'
import type { Server } from './server.ts'

/** Runs messages that arrive over a port, one at a time: suspending the guest (JSPI), or holding the message whole. */
export class PortServer implements Server {
  readonly suspends: boolean
  readonly stdio: PortStdio
  readonly #port: MessagePort
  /** The instance that serves; a message that is faster than it (they come by different ports) waits. */
  #instance = Promise.withResolvers<Instance>()
  #ended = Promise.withResolvers<ServeEnd>()
  /** Number of the message that is under way; of it alone messages count. */
  #current = 0

  constructor({ tier, port }: Channel & { tier: 'JSPI' | 'buffered' }) {
    this.suspends = tier === 'JSPI'
    this.stdio = new PortStdio(port, this.suspends)
    this.#port = port
    port.onmessage = ({ data }: MessageEvent) => this.#receive(readToWorker(data))
  }

  serve(instance: Instance): Promise<ServeEnd> {
    // What it wrote while it was made.
    this.stdio.flush()
    this.#ended = Promise.withResolvers()
    this.#instance.resolve(instance)
    return this.#ended.promise
  }

  #receive(message: ToWorker): void {
    if (message.type === 'call') {
      // The same number again: there was no room for the instance, and the message is still here.
      if (message.id !== this.#current) this.stdio.begin(message.id)
      this.#current = message.id
      void this.#run(message.id, message.method)
      return
    }
    if (message.id !== this.#current) return
    switch (message.type) {
      case 'data':
        return this.stdio.push(message.bytes)
      case 'end':
        return this.stdio.end()
      case 'abort':
        return this.stdio.abort()
      case 'cancel':
        return this.stdio.cancelReply()
      case 'credit':
        return this.stdio.addCredit(message.bytes)
    }
  }

  async #run(id: number, method: number): Promise<void> {
    const instance = await this.#instance.promise
    try {
      if (!this.suspends) await this.stdio.whole()
      const { end, exit } = await instance.run(method)
      this.#finish(id, end)
      if (exit) this.#end(exit)
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown)
      const nothing = { code: 0, memoryBytes: 0, tmpBytes: 0, fileReports: 0 }
      this.#finish(id, { ...nothing, status: RunStatus.trapped, instanceGone: true })
      this.#end({ reason: 'trapped', message, frames: [] })
    }
  }

  #end(exit: ServeEnd): void {
    this.#instance = Promise.withResolvers()
    this.#ended.resolve(exit)
  }

  #finish(id: number, end: RunEnd): void {
    this.stdio.flush()
    this.#port.postMessage({ type: 'done', id, ...end })
  }
}
