import { afterAll } from 'vitest'
import { BROKEN } from '../../../src/actors/carrier/ring.ts'
import { Lane } from '../../../src/actors/worker/lane.ts'
import { PortWire } from '../../../src/actors/worker/port-wire.ts'
import { acceptStreams } from '../../../src/glia/stream/stream.acceptance.ts'
import { GuestPort } from '../carrier/guest-port.ts'
import type { Instance, Outcome } from './instance.ts'
import { PortServer } from './port-server.ts'
import { OUTCOMES, TestCalls, type TestGuest } from './test-calls.ts'

const wire = new PortWire('JSPI', {
  onStderr: () => undefined,
  broken: (thrown) => {
    throw thrown
  },
})
const lane = new Lane(wire)
const server = new PortServer(new GuestPort(wire.channel.port, true))
const { stdio } = server

let entered = Promise.withResolvers<void>()
/** The running method. */
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
    const count = await stdio.call.read(target)
    return count < 0 ? BROKEN : target.subarray(0, count)
  },
  write: async (chunk) => stdio.call.write(chunk),
  closeRead: async () => stdio.call.stop(),
  closeWrite: async () => stdio.call.end(),
  over: async () => stdio.waitFor(() => stdio.call.failed, Infinity),
  end: (how) => method.resolve(OUTCOMES[how]),
}
const calls = new TestCalls(lane, guest)

/** Like the page: each instance serves until it is gone. */
async function serve(): Promise<void> {
  for (;;) await server.serve(instance as Instance)
}
void serve()

afterAll(async () => {
  await calls.end()
  lane.close(new Error('The tests are over.'))
})

acceptStreams('a suspended guest and its port', { open: () => calls.open() })
