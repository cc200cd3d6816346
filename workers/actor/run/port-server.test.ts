import { afterAll } from 'vitest'
import { PortLane } from '../../../src/actors/worker/port-lane.ts'
import { BROKEN } from '../../../src/actors/worker/ring.ts'
import type { Channel } from '../../../src/actors/worker/worker-api.ts'
import { acceptStreams } from '../../../src/glia/stream/stream.acceptance.ts'
import type { Instance, Outcome } from './instance.ts'
import { PortServer } from './port-server.ts'
import { OUTCOMES, TestCalls, type TestGuest } from './test-calls.ts'

const lane = new PortLane('JSPI', {
  onStderr: () => undefined,
  broken: (thrown) => {
    throw thrown
  },
})
const server = new PortServer(lane.channel as Channel & { tier: 'JSPI' })
const { stdio } = server

let entered = Promise.withResolvers<void>()
/** The method that runs. */
let method = Promise.withResolvers<Outcome>()
const instance: Pick<Instance, 'run'> = {
  run() {
    method = Promise.withResolvers()
    entered.resolve()
    return method.promise
  },
}

const guest: TestGuest = {
  entered() {
    entered = Promise.withResolvers()
    return entered.promise
  },
  async read() {
    const target = new Uint8Array(64 * 1024)
    const count = await stdio.read(target)
    return count === BROKEN ? BROKEN : target.subarray(0, count)
  },
  write: async (chunk) => stdio.write(chunk),
  closeRead: async () => stdio.closeRead(),
  closeWrite: async () => stdio.closeWrite(),
  over: async () => stdio.waitFor(() => stdio.broken, Infinity),
  end: (how) => method.resolve(OUTCOMES[how]),
}
const calls = new TestCalls(lane, guest)

/** As the page does it: each instance serves until it is gone. */
async function serve(): Promise<void> {
  for (;;) await server.serve(instance as Instance)
}
void serve()

afterAll(async () => {
  await calls.end()
  lane.close(new Error('The tests are over.'))
})

acceptStreams('a suspended guest and its port', { open: () => calls.open() })
