import { PING_PROTOCOL } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test, vi } from 'vitest'
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

test('of two peers that watch their connection, one pings and the other answers', async () => {
  const { near, far } = await ends()
  const [often, seldom] = (
    [
      [near, 200],
      [far, 3_000],
    ] as const
  ).map(([connection, ms]) => {
    const measured = vi.fn<(ms: number) => void>()
    return { measured, pulse: new Pulse({ connection, everyMs: () => ms, answerMs: 5_000, measured }) }
  })
  if (!often || !seldom) throw new Error('there are too few')
  // Each pings once, to measure the latency. From then on only one of them has to.
  await expect.poll(() => seldom.measured.mock.calls.length, { timeout: 10_000 }).toBe(1)
  const before = often.measured.mock.calls.length
  await expect.poll(() => often.measured.mock.calls.length, { timeout: 30_000 }).toBeGreaterThan(before + 30)
  expect(seldom.measured).toHaveBeenCalledTimes(1)
  for (const { pulse } of [often, seldom]) pulse.stop()
})

test('a connection on which bytes come all the time is not pinged, but now and then to measure it', async () => {
  const { near, far } = await ends()
  const measured = vi.fn<(ms: number) => void>()
  const pulse = new Pulse({ connection: near, everyMs: () => 300, answerMs: 5_000, measured })
  await expect.poll(() => measured.mock.calls.length, { timeout: 10_000 }).toBe(1)
  const noise = await far.newStream(PING_PROTOCOL)
  const talk = setInterval(() => noise.send(new Uint8Array(32)), 50)
  let heard = 0
  const stop = onBytes(near, () => (heard += 1))
  await expect.poll(() => heard, { timeout: 30_000 }).toBeGreaterThan(40)
  expect(measured).toHaveBeenCalledTimes(1)
  clearInterval(talk)
  stop()
  // Silence is asked about.
  await expect.poll(() => measured.mock.calls.length, { timeout: 10_000 }).toBe(2)
  pulse.stop()
})
