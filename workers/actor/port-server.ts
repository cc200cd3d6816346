import { type RunEnd, RunStatus } from '../../src/actors/control.ts'
import { type Channel, readToWorker, type ServeEnd, type ToWorker } from '../../src/actors/worker-api.ts'
import type { Instance } from './instance.ts'
import { PortStdio } from './port-stdio.ts'
import type { Server } from './server.ts'

/** Runs messages that arrive over a port, one at a time: suspending the guest (JSPI), or holding the message whole. */
export class PortServer implements Server {
  readonly suspends: boolean
  readonly stdio: PortStdio
  readonly #port: MessagePort
  #instance: Instance | undefined
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
    this.#instance = instance
    this.#ended = Promise.withResolvers()
    return this.#ended.promise
  }

  #receive(message: ToWorker): void {
    if (message.type === 'call') {
      this.#current = message.id
      this.stdio.begin(message.id)
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
    if (!this.#instance) return
    try {
      if (!this.suspends) await this.stdio.whole()
      const { end, exit } = await this.#instance.run(method)
      this.#finish(id, end)
      if (exit) this.#ended.resolve(exit)
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown)
      this.#finish(id, { status: RunStatus.trapped, code: 0, memoryBytes: 0, instanceGone: true })
      this.#ended.resolve({ reason: 'trapped', message, frames: [] })
    }
  }

  #finish(id: number, end: RunEnd): void {
    this.#port.postMessage({ type: 'done', id, ...end })
  }
}
