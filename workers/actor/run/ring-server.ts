import { Control, PAUSE } from '../../../src/actors/worker/control.ts'
import type { Channel, Paused, ServeEnd } from '../../../src/actors/worker/worker-api.ts'
import type { Instance } from './instance.ts'
import { RingStdio } from '../carrier/ring-stdio.ts'
import type { Server } from './server.ts'

/**
 * The resident loop: the worker sleeps on the control words between messages and blocks in the rings during them. It
 * awaits a message whose guest has a stack of its own, without going back to the worker's event loop.
 */
export class RingServer implements Server {
  readonly suspends = false
  readonly stdio: RingStdio
  readonly #control: Control

  constructor(channel: Channel & { tier: 'rings' }) {
    this.stdio = new RingStdio(channel)
    this.#control = new Control(channel.control)
  }

  async serve(instance: Instance): Promise<ServeEnd | Paused> {
    for (;;) {
      const { id, method } = this.#control.nextCommand()
      if (method === PAUSE) {
        this.#control.skip(id)
        return { reason: 'paused' }
      }
      const running = instance.run(method)
      const outcome = running instanceof Promise ? await running : running
      this.#control.finish(id, outcome.end)
      this.stdio.wakePage()
      if (outcome.exit) return outcome.exit
    }
  }
}
