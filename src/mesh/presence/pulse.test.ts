import type { Connection } from '@libp2p/interface'
import { PING_PROTOCOL } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, onTestFinished, test, vi } from 'vitest'
import { nextTask } from '../../glia/wait/next-task.ts'
import { plainClient } from '../test-nodes.ts'
import { onBytes } from '../patches/connection-bytes.ts'
import { Pulse } from './pulse.ts'

/** The two ends of a connection. */
async function ends() {
  const [one, other] = await Promise.all([
    plainClient(),
    plainClient({ transports: [tcp()], addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] } }),
  ])
  const near = await one.dial(multiaddr(other.getMultiaddrs()[0]?.toString()))
  await expect.poll(() => other.getConnections().length).toBe(1)
  const [far] = other.getConnections()
  if (!far) throw new Error('there is no connection')
  return { near, far }
}

/** Watches one end of a connection. */
function watchEnd(connection: Connection, everyMs: number) {
  const measured = vi.fn<(ms: number) => void>()
  const pulse = new Pulse({ connection, everyMs: () => everyMs, answerMs: 5_000, measured })
  onTestFinished(() => pulse.stop())
  return {
    count: () => measured.mock.calls.length,
    /** Resolves after the next answer to a ping, when the pulse rests. */
    answer: async () => {
      await new Promise<void>((resolve) => measured.mockImplementationOnce(() => resolve()))
      await nextTask()
    },
  }
}

/** From now on the time of pulses passes by {@link vi.advanceTimersByTime} only. Bytes take their own time. */
function stopClock(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  onTestFinished(() => void vi.useRealTimers())
}

test('of two peers that watch their connection, one pings and the other answers', async () => {
  const { near, far } = await ends()
  stopClock()
  const [often, seldom] = [watchEnd(near, 200), watchEnd(far, 3_000)]
  const first = seldom.answer()
  // Each pings once, to measure the latency. From then on only one of them has to.
  for (let ms = 0; ms < 10_000; ms += 200) {
    const answer = often.answer()
    vi.advanceTimersByTime(200)
    // oxlint-disable-next-line no-await-in-loop -- one ping after the other
    await answer
    // oxlint-disable-next-line no-await-in-loop -- its time has come, and its bytes are under way
    if (ms === 2_800) await first
  }
  expect([often.count(), seldom.count()]).toEqual([50, 1])
})

test('a connection on which bytes come all the time is not pinged, but now and then to measure it', async () => {
  const { near, far } = await ends()
  const noise = await far.newStream(PING_PROTOCOL)
  stopClock()
  const { answer, count } = watchEnd(near, 300)
  const first = answer()
  vi.advanceTimersByTime(300)
  await first
  let heard = Promise.withResolvers<void>()
  onTestFinished(onBytes(near, () => heard.resolve()))
  for (let ms = 0; ms < 2_000; ms += 50) {
    heard = Promise.withResolvers()
    noise.send(new Uint8Array(32))
    // oxlint-disable-next-line no-await-in-loop -- before time passes
    await heard.promise
    vi.advanceTimersByTime(50)
  }
  expect(count()).toBe(1)
  // Silence is asked about.
  const second = answer()
  vi.advanceTimersByTime(300)
  await second
})
