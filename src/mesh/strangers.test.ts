import type { Connection, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GliaError } from '../glia/errors.ts'
import { newPid } from '../glia/pid.ts'
import { Near } from './dial/near-relay.ts'
import { readText } from './dialects/text-answer.ts'
import { LISTING_PROTOCOL, NEAR_PROTOCOL, RAW_PROTOCOL } from './limits.ts'
import { askListing } from './presence/listing.ts'
import { askStatus } from './presence/status.ts'
import { plainClient } from './test-nodes.ts'
import { damages, strangerProperty } from './test-strangers.ts'

// The same cases each time. `npm run fuzz -- strangers` tries more of the first, from any seed.
const SEED = 13

test('whatever a stranger sends is read within limits, or refused with an error that the reader states', async () => {
  await expect(fc.assert(await strangerProperty(), { seed: SEED, numRuns: 2000 })).resolves.toBeUndefined()
})

/** A connection to a peer that handles streams as it likes. */
async function peerThat(handle: (stream: Stream, connection: Connection) => void): Promise<Connection> {
  const [asker, asked] = await Promise.all([
    plainClient(),
    plainClient({ transports: [tcp()], addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] } }),
  ])
  for (const protocol of [LISTING_PROTOCOL, NEAR_PROTOCOL, RAW_PROTOCOL]) await asked.handle(protocol, handle)
  return asker.dial(asked.getMultiaddrs())
}

test.each([
  ['a list of processes', askListing],
  ['a status', askStatus],
])('a damaged answer with %s is an answer or a typed error', async (_, ask) => {
  let answer = new Uint8Array()
  const connection = await peerThat((stream) => {
    if (answer.length > 0) stream.send(answer)
    void stream.close()
  })
  const peer = connection.remotePeer.toString()
  const valid = [`ww/0.1.0/${peer}/${newPid()}`, JSON.stringify([{ pid: newPid(), name: 'a', methods: ['b'] }])]
  const property = fc.asyncProperty(damages, async (damage) => {
    for (const piece of damage(valid.map((text) => new TextEncoder().encode(text)))) {
      answer = piece.slice()
      const outcome = await ask(connection, AbortSignal.timeout(10_000)).catch((thrown: unknown) => thrown)
      expect(outcome).toSatisfy(
        (value) => Array.isArray(value) || typeof value === 'string' || value instanceof GliaError,
      )
      expect(outcome).not.toMatchObject({ code: 'ERR_DEADLINE' })
    }
  })
  await fc.assert(property, { seed: SEED, numRuns: 40 })
  await expect.poll(() => connection.streams.length).toBe(0)
})

test('a damaged question about who is near is answered or reset', async () => {
  const near = new Near({
    networkHere: () => '127.0.0.0/8',
    resolve: async () => ['127.0.0.1'],
    connections: () => [],
  })
  const connection = await peerThat((stream, from) => void near.answer(stream, from))
  const remote = connection.remotePeer.toString()
  const question = new TextEncoder().encode(JSON.stringify({ peer: remote, host: '10.0.0.1' }))
  const property = fc.asyncProperty(damages, async (damage) => {
    for (const piece of damage([question])) {
      const stream = await connection.newStream(NEAR_PROTOCOL)
      if (piece.length > 0) stream.send(piece)
      void stream.close().catch(() => undefined)
      const read = { remote, idleMs: 10_000, maxLength: 3, tooLong: () => new Error('too long') }
      const answer = await readText(stream, read).catch((thrown: unknown) => thrown)
      expect(answer).toSatisfy((value) => value === 'no' || (value instanceof GliaError && value.code === 'ERR_RESET'))
    }
  })
  await fc.assert(property, { seed: SEED, numRuns: 40 })
  await expect.poll(() => connection.streams.length).toBe(0)
})
