import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { PassThrough } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import {
  BODY_PATIENCE_MS,
  LOOK_MS,
  MAX_SLOW_BODIES_PER_CLIENT,
  SLOW_AFTER_MS,
  SPARED_SLOW_BODIES,
  SPARED_SLOW_BODIES_PER_CLIENT,
} from '../limits.ts'
import { RequestBody } from './request-body.ts'
import { SlowBodies } from './slow-bodies.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
})
afterEach(() => void vi.useRealTimers())

interface TestBody {
  source: PassThrough
  body: RequestBody
  /** 'sent', or the code of the error. */
  end: Promise<string>
}

/** A body that is read as it arrives. */
function makeBody(): TestBody {
  const source = new PassThrough()
  const body = new RequestBody(source as unknown as IncomingMessage, { maxBodyBytes: 1e6, bodyIdleMs: 60_000 })
  const reader = body.stream.getReader()
  const end = (async () => {
    try {
      while (!(await reader.read()).done);
      return 'sent'
    } catch (thrown) {
      return (thrown as { code: string }).code
    }
  })()
  return { source, body, end }
}

async function fill(bodies: SlowBodies, client: string, count: number): Promise<TestBody[]> {
  const made = Array.from({ length: count }, makeBody)
  for (const { body } of made) bodies.add(client, body)
  await vi.advanceTimersByTimeAsync(0)
  return made
}

test('a client may take its time for a few', async () => {
  const bodies = new SlowBodies()
  const made = await fill(bodies, 'few', SPARED_SLOW_BODIES_PER_CLIENT)
  await vi.advanceTimersByTimeAsync(2 * BODY_PATIENCE_MS)
  for (const { source } of made) source.end('late')
  expect(await Promise.all(made.map(({ end }) => end))).toEqual(made.map(() => 'sent'))
})

test('with more, those that stop are ended, and those that move are not', async () => {
  const bodies = new SlowBodies()
  const made = await fill(bodies, 'many', SPARED_SLOW_BODIES_PER_CLIENT + 2)
  const [moving, ...stopped] = made
  const feed = setInterval(() => void moving?.source.write(new Uint8Array(2048)), 1000)
  await vi.advanceTimersByTimeAsync(BODY_PATIENCE_MS + 2 * LOOK_MS)
  // Until few enough are left.
  const ended = stopped.filter(({ body }) => body.waitedMs === 0)
  expect(ended).toHaveLength(2)
  expect(await Promise.all(ended.map(({ end }) => end))).toEqual(['ERR_DEADLINE', 'ERR_DEADLINE'])
  clearInterval(feed)
  moving?.source.end()
  expect(await moving?.end).toBe('sent')
})

test('with very many, it gets no further call, and others do', async () => {
  const bodies = new SlowBodies()
  const made = await fill(bodies, 'greedy', MAX_SLOW_BODIES_PER_CLIENT)
  // These bodies have had no time to be slow.
  bodies.add('greedy', makeBody().body)()
  await vi.advanceTimersByTimeAsync(SLOW_AFTER_MS + 1)
  expect(() => bodies.add('greedy', makeBody().body)).toThrow(expect.objectContaining({ code: 'ERR_MAILBOX_FULL' }))
  expect(() => bodies.add('other', makeBody().body)).not.toThrow()
  expect(made).toHaveLength(MAX_SLOW_BODIES_PER_CLIENT)
})

test('of very many clients with one each, those that stop are ended too', async () => {
  const bodies = new SlowBodies()
  const made = await Promise.all(Array.from({ length: SPARED_SLOW_BODIES + 10 }, (_, i) => fill(bodies, `${i}`, 1)))
  await vi.advanceTimersByTimeAsync(BODY_PATIENCE_MS + 2 * LOOK_MS)
  const ends = made.flat().filter(({ body }) => body.waitedMs === 0)
  expect(ends.length).toBeGreaterThanOrEqual(10)
})

test('the slowest makes room when the gateway is full', async () => {
  const bodies = new SlowBodies()
  expect(bodies.endSlowest()).toBe(false)
  const [first] = await fill(bodies, 'first', 1)
  await vi.advanceTimersByTimeAsync(SLOW_AFTER_MS)
  await fill(bodies, 'second', 1)
  await vi.advanceTimersByTimeAsync(SLOW_AFTER_MS + 1)
  expect(bodies.endSlowest()).toBe(true)
  expect(await first?.end).toBe('ERR_DEADLINE')
})

test('a body that nobody reads is not slow', async () => {
  const source = new PassThrough()
  const body = new RequestBody(source as unknown as IncomingMessage, { maxBodyBytes: 1e6, bodyIdleMs: 60_000 })
  await vi.advanceTimersByTimeAsync(5000)
  expect(body.waitedMs).toBe(0)
})
