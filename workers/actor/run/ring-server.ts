import { Control, PAUSE, TAKE } from '../../../src/actors/worker/control.ts'
import { buffersOf, type Extent } from '../../../src/actors/snapshot/snapshot.ts'
import type { Channel, Paused, ServeEnd, Taken } from '../../../src/actors/worker/worker-api.ts'
import { toGliaError } from '../../../src/glia/errors.ts'
import type { Instance } from './instance.ts'
import { RingStdio } from '../carrier/ring-stdio.ts'
import type { Server } from './server.ts'

const EXTENTS = new Map(Object.entries(TAKE).map(([extent, command]) => [command, extent as Extent]))

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
      const extent = method < 0 ? EXTENTS.get(method) : undefined
      if (extent) {
        const { taken, buffers } = await take(instance, extent)
        postMessage(taken, { transfer: buffers })
        this.#control.skip(id)
        continue
      }
      const running = instance.run(method)
      const outcome = running instanceof Promise ? await running : running
      this.#control.finish(id, outcome.end)
      this.stdio.wakePage()
      if (outcome.exit) return outcome.exit
    }
  }
}

/** Never rejects: an instance whose state cannot be taken goes on. */
async function take(instance: Instance, extent: Extent): Promise<{ taken: Taken; buffers: ArrayBuffer[] }> {
  try {
    const taken = await instance.checkpoint(extent)
    return { taken: { taken }, buffers: taken ? buffersOf(taken) : [] }
  } catch (thrown) {
    return { taken: { notTaken: toGliaError(thrown).message }, buffers: [] }
  }
}
