import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type FrameOfWorker, readFrameOfWorker } from '../../../src/actors/carrier/frames.ts'
import { PortCall } from './guest-call.ts'
import { GuestPort } from './guest-port.ts'
import { PortStdio } from './port-stdio.ts'

// The clock stands still: how much is gathered hangs on the time.
beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => vi.useRealTimers())

/** What comes over the port until a message that says so. */
async function collect(port: MessagePort): Promise<FrameOfWorker[]> {
  const received: FrameOfWorker[] = []
  return new Promise((resolve) => {
    port.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data === 'over') return resolve(received)
      received.push(readFrameOfWorker(data))
    }
  })
}

test.each([true, false])(
  'a guest that writes byte by byte has the page handle few messages (suspended: %s)',
  async (suspends) => {
    const { port1, port2 } = new MessageChannel()
    const port = new GuestPort(port2, suspends)
    const stdio = new PortStdio(port)
    const received = collect(port1)
    stdio.begin()
    for (let i = 0; i < 100_000; i++) {
      await stdio.call.write(Uint8Array.of(i))
      stdio.writeError(Uint8Array.of(10))
    }
    port.flush()
    port2.postMessage('over')
    const messages = await received
    port1.close()
    expect(messages.length).toBeLessThan(3000)
    let [reply, log] = [0, 0]
    for (const message of messages) {
      if (message.type === 'data') reply += message.bytes.length
      if (message.type === 'log') log += message.bytes.length
    }
    expect([reply, log]).toEqual([100_000, 100_000])
  },
)

test.each([0, 1])('what a guest writes to call %i is passed on when it waits for another one', async (id) => {
  const { port1, port2 } = new MessageChannel()
  const port = new GuestPort(port2, true)
  const calls = [new PortStdio(port).call, new PortCall(port.open(1, {}), port)]
  const [written, waited] = id === 0 ? calls : calls.toReversed()
  const received: number[] = []
  const all = new Promise<void>((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<unknown>) => {
      const frame = readFrameOfWorker(data)
      if (frame.type === 'data' && frame.id === id) received.push(...frame.bytes)
      if (received.length === 3000) resolve()
    }
  })
  for (let i = 0; i < 3000; i++) await written?.write(Uint8Array.of(i))
  void waited?.read(new Uint8Array(1))
  await all
  expect(received).toEqual(Array.from({ length: 3000 }, (_, i) => i & 255))
  port1.close()
})
