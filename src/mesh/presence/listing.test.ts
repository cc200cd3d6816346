import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { afterEach, expect, test, vi } from 'vitest'
import { IdleCircuits } from '../dial/idle-circuits.ts'
import { IDLE_MS, LISTING_PROTOCOL } from '../limits.ts'
import { sendListing } from './listing.ts'
import { plainClient } from '../test-nodes.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

interface Asked {
  asker: Libp2p
  connection: Connection
  /** Both ends of a stream with an answer on it. The asker leaves its half open. */
  asking: Stream
  answering: Stream
}

/** @param idleMs Time that the asker has, in ms. */
async function askAndHold(idleMs: number): Promise<Asked> {
  const [asker, asked] = await Promise.all([
    plainClient(),
    plainClient({ transports: [tcp()], addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] } }),
  ])
  const arrived = Promise.withResolvers<Stream>()
  const timeout = AbortSignal.timeout.bind(AbortSignal)
  await asked.handle(LISTING_PROTOCOL, async (stream) => {
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => timeout(ms === IDLE_MS ? idleMs : ms))
    await sendListing(stream, [])
    arrived.resolve(stream)
  })
  const connection = await asker.dial(asked.getMultiaddrs())
  const asking = await connection.newStream(LISTING_PROTOCOL)
  return { asker, connection, asking, answering: await arrived.promise }
}

test('a peer that takes its answer and leaves its half of the stream open loses the stream', async () => {
  const { asking, answering } = await askAndHold(200)
  await expect.poll(() => answering.status).toBe('aborted')
  await expect.poll(() => asking.status).toBe('reset')
})

test('a stream that asks which processes are listed is no use of a circuit', async () => {
  const { asker, connection } = await askAndHold(IDLE_MS)
  const idle = new IdleCircuits({ libp2p: asker, callsOn: () => 0 })
  await expect.poll(() => idle.isUsed(connection)).toBe(false)
  expect(connection.streams.map(({ protocol }) => protocol)).toContain(LISTING_PROTOCOL)
})
