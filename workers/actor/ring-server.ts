import { Control, PAUSE } from '../../src/actors/control.ts'
import type { Channel, Paused, ServeEnd } from '../../src/actors/worker-api.ts'
import { GliaError } from '../../src/glia/errors.ts'
import type { Instance } from './instance.ts'
import { RingStdio } from './ring-stdio.ts'
import type { Server } from './server.ts'

/** The resident loop: the worker sleeps on the control words between messages and blocks in the rings during them. */
export class RingServer implements Server {
  readonly suspends = false
  readonly stdio: RingStdio
  readonly #control: Control

  constructor(channel: Channel & { tier: 'rings' }) {
    this.stdio = new RingStdio(channel)
    this.#control = new Control(channel.control)
  }

  serve(instance: Instance): ServeEnd | Paused {
    for (;;) {
      const { id, method } = this.#control.nextCommand()
      if (method === PAUSE) {
        this.#control.skip(id)
        return { reason: 'paused' }
      }
      const outcome = instance.run(method)
      if (outcome instanceof Promise) throw new GliaError('ERR_INTERNAL', 'A guest on rings does not suspend.')
      this.#control.finish(id, outcome.end)
      this.stdio.wakePage()
      if (outcome.exit) return outcome.exit
    }
  }
}
