import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type FromWorker, readFromWorker } from '../../../src/actors/worker/worker-api.ts'
import { PortStdio } from './port-stdio.ts'

// The clock stands still: how much is gathered hangs on the time.
beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => vi.useRealTimers())

/** What comes over the port until a message that says so. */
async function collect(port: MessagePort): Promise<FromWorker[]> {
  const received: FromWorker[] = []
  return new Promise((resolve) => {
    port.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data === 'over') return resolve(received)
      received.push(readFromWorker(data))
    }
  })
}

test.each([true, false])(
  'a guest that writes byte by byte has the page handle few messages (suspended: %s)',
  async (suspends) => {
    const { port1, port2 } = new MessageChannel()
    const stdio = new PortStdio(port2, suspends)
    const received = collect(port1)
    stdio.begin(1)
    for (let i = 0; i < 100_000; i++) {
      await stdio.write(Uint8Array.of(i))
      stdio.writeError(Uint8Array.of(10))
    }
    stdio.flush()
    port2.postMessage('over')
    const messages = await received
    port1.close()
    expect(messages.length).toBeLessThan(3000)
    let [reply, log] = [0, 0]
    for (const message of messages) {
      if (message.type === 'data') reply += message.bytes.length
      if (message.type === 'stderr') log += message.bytes.length
    }
    expect([reply, log]).toEqual([100_000, 100_000])
  },
)
