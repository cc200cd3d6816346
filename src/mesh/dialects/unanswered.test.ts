import { PING_PROTOCOL } from '@libp2p/ping'
import { expect, test } from 'vitest'
import { RAW_PROTOCOL } from '../limits.ts'
import { ping, probe } from './probe.ts'
import { askStatus } from '../presence/status.ts'
import { silentPeer } from '../test-raw.ts'

// A question that nobody answers leaves no stream behind: a connection has room for a few only.

test.each([
  ['a ping', PING_PROTOCOL, 'The operation was aborted due to timeout', ping],
  ['the question for the root process', RAW_PROTOCOL, 'is connected and did not answer', askStatus],
] as const)('%s that is not answered ends its stream', async (_, protocol, message, ask) => {
  const connection = await silentPeer(protocol)
  await expect(ask(connection, AbortSignal.timeout(50))).rejects.toThrow(message)
  await expect.poll(() => connection.streams.filter((stream) => stream.protocol === protocol)).toEqual([])
})

test('a peer that ends the connection meanwhile is not said to be connected', async () => {
  const connection = await silentPeer(RAW_PROTOCOL)
  const asked = askStatus(connection, AbortSignal.timeout(10_000))
  asked.catch(() => undefined)
  await connection.close()
  await expect(asked).rejects.toMatchObject({
    code: 'ERR_UNREACHABLE',
    message: `${connection.remotePeer.toString()} has closed the connection.`,
  })
})

test('a peer that knows no ping answers a probe by saying so, and keeps its connection', async () => {
  const connection = await silentPeer('/something/else')
  expect(await probe(connection, 5000)).toBe(true)
  expect(connection.status).toBe('open')
})
