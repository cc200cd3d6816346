import type { Stream } from '@libp2p/interface'
import { PING_PROTOCOL } from '@libp2p/ping'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, expect, test, vi } from 'vitest'
import { plainClient, relay, whereIs } from '../test-nodes.ts'

afterEach(() => vi.restoreAllMocks())

/** A ping stream to a Glia peer, and the number of bytes that it has answered. */
async function pingStream(): Promise<{ stream: Stream; answered: () => number }> {
  const [hub, client] = await Promise.all([relay(), plainClient()])
  const connection = await client.dial(multiaddr(whereIs(hub)))
  const stream = await connection.newStream(PING_PROTOCOL)
  let bytes = 0
  stream.addEventListener('message', ({ data }) => (bytes += data.byteLength))
  return { stream, answered: () => bytes }
}

test('pings are answered on one stream, however old it is', async () => {
  const late: AbortController[] = []
  const { timeout } = AbortSignal
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    if (ms < 10_000) return timeout.call(AbortSignal, ms)
    late.push(new AbortController())
    return late.at(-1)?.signal ?? AbortSignal.abort()
  })
  const { stream, answered } = await pingStream()
  for (let pings = 1; pings <= 3; pings++) {
    stream.send(crypto.getRandomValues(new Uint8Array(32)))
    await expect.poll(answered).toBe(pings * 32)
    // The time that is waited for is over.
    for (const waiting of late) waiting.abort()
  }
})

test('a ping stream ends with its other side', async () => {
  const { stream, answered } = await pingStream()
  stream.send(new Uint8Array(32))
  await stream.close()
  await expect.poll(() => [answered(), stream.status]).toEqual([32, 'closed'])
})

test('the stream of a peer that pings and does not read is ended', async () => {
  const { stream } = await pingStream()
  stream.pause()
  const piece = new Uint8Array(64 * 1024)
  for (let i = 0; i < 1000 && stream.status === 'open'; i++) {
    if (stream.send(piece)) continue
    const { promise: isOver, resolve } = Promise.withResolvers<unknown>()
    for (const type of ['drain', 'close'] as const) stream.addEventListener(type, resolve, { once: true })
    await isOver
  }
  await expect.poll(() => stream.status).not.toBe('open')
})
