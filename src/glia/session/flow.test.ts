import { expect, test, vi } from 'vitest'
import { nextTask } from '../wait/next-task.ts'
import { newPid } from '../pid.ts'
import { AHEAD_BYTES } from '../call-limits.ts'
import { INITIAL_CREDIT_BYTES } from './frames.ts'
import type { SessionStream } from './session-stream.ts'
import { echoStream, Served, testSessions } from './test-peers.ts'
import type { Stream } from '../stream/stream.ts'
import { addressOf, send, text } from '../test-peer.ts'
import { readAll } from '../stream/web-streams.ts'

const KiB = 1024
const MiB = 1024 * KiB
/** Bytes beside the data: other frames of an open call, and the frame that takes a sender past its limit. */
const SLACK_BYTES = 20 * KiB

test('a thousand calls at once all answer', async () => {
  const { caller, server } = testSessions((stream) => void echoStream(stream), { maxInboundCalls: 1000 })
  const replies = Array.from({ length: 1000 }, async (_, i) => {
    const stream = caller.open(addressOf(newPid()))
    await send(stream, `call ${i}`)
    return text(await readAll(stream))
  })
  expect(caller.calls).toBe(1000)
  expect(await Promise.all(replies)).toEqual(Array.from({ length: 1000 }, (_, i) => `call ${i}`))
  expect([caller.calls, server.calls]).toEqual([0, 0])
})

test('replies that end one task after the other travel in few sends', async () => {
  const CALLS = 64
  let turn = Promise.resolve<unknown>(undefined)
  const { caller, far } = testSessions((stream) => {
    turn = turn.then(nextTask).then(() => echoStream(stream))
  })
  const replies = Array.from({ length: CALLS }, async () => {
    const stream = caller.open(addressOf(newPid()))
    await send(stream, 'call')
    return text(await readAll(stream))
  })
  expect(await Promise.all(replies)).toEqual(Array.from({ length: CALLS }, () => 'call'))
  expect(far.sends).toBeLessThan(CALLS / 2)
})

test.each([64 * KiB, 128 * KiB, MiB])(
  'a small call passes a large one, with no more than a window of %i bytes before it',
  async (windowBytes) => {
    const { caller, near, far } = testSessions((stream) => void echoStream(stream), { windowBytes })
    const large = caller.open(addressOf(newPid()))
    const echoed = countBytes(large)
    const sent = send(large, new Uint8Array(16 * MiB))
    await vi.waitUntil(() => far.sentBytes > 0, { interval: 1 })
    for (let i = 0; i < 5; i++) {
      const before = near.sentBytes + far.sentBytes
      const small = caller.open(addressOf(newPid()))
      await send(small, 'quick')
      expect(text(await readAll(small))).toBe('quick')
      // A window in each direction is ahead of it. Other bytes follow behind it.
      expect(near.sentBytes + far.sentBytes - before).toBeLessThan(4 * windowBytes + SLACK_BYTES)
      expect(large.finished).toBe(false)
    }
    await sent
    expect(await echoed).toBe(16 * MiB)
    expect(near.mostOnTheirWay).toBeLessThan(windowBytes + SLACK_BYTES)
    expect(far.mostOnTheirWay).toBeLessThan(windowBytes + SLACK_BYTES)
  },
)

test('a small call goes before the frames of large ones that wait, there and back', async () => {
  const windowBytes = 64 * KiB
  const { caller, near, far } = testSessions((stream) => void echoStream(stream), { windowBytes })
  const large = Array.from({ length: 8 }, () => caller.open(addressOf(newPid())))
  const all = Promise.all(large.map((stream) => send(stream, new Uint8Array(4 * MiB))))
  const echoed = Promise.all(large.map(countBytes))
  await vi.waitUntil(() => far.sentBytes > MiB, { interval: 1 })
  for (let i = 0; i < 5; i++) {
    const before = near.sentBytes + far.sentBytes
    const small = caller.open(addressOf(newPid()))
    await send(small, 'quick')
    expect(text(await readAll(small))).toBe('quick')
    // What is on its way both ways, and as much behind it. A frame of each large call would be 128 KiB more each way.
    expect(near.sentBytes + far.sentBytes - before).toBeLessThan(4 * windowBytes)
  }
  await all
  expect(await echoed).toEqual(large.map(() => 4 * MiB))
})

test('small calls without end do not keep a large one out', async () => {
  const served = new Served()
  const { caller } = testSessions(served.serve, { windowBytes: 64 * KiB })
  const next = served.next()
  const large = caller.open(addressOf(newPid()))
  const sent = send(large, new Uint8Array(MiB))
  const received = countBytes(await next)
  let isOver = false
  const one = async (): Promise<void> => {
    while (!isOver) {
      const call = served.next()
      const small = caller.open(addressOf(newPid()))
      void small.write(new Uint8Array(15 * KiB))
      void small.closeWrite()
      await countBytes(await call)
      small.abort(new Error('enough'))
    }
  }
  const small = Promise.all(Array.from({ length: 16 }, one))
  await sent
  expect(await received).toBe(MiB)
  isOver = true
  await small
})

test('large transfers share the channel evenly', async () => {
  const received = new Map<string, number>()
  const count = async (stream: SessionStream): Promise<void> => {
    for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) {
      received.set(stream.procId, (received.get(stream.procId) ?? 0) + chunk.length)
    }
    await stream.close()
  }
  const { caller } = testSessions((stream) => void count(stream), { windowBytes: 128 * KiB })
  const streams = Array.from({ length: 4 }, () => caller.open(addressOf(newPid())))
  const all = Promise.all(streams.map((stream) => send(stream, new Uint8Array(4 * MiB))))
  while ((received.get(streams[0]?.procId ?? '') ?? 0) < 2 * MiB) await nextTask()
  for (const { procId } of streams) expect(received.get(procId)).toBeGreaterThan(1.7 * MiB)
  await all
  await Promise.all(streams.map(readAll))
})

test('a call that nobody reads holds its credit and no more, and not the calls beside it', async () => {
  const served = new Served()
  const { caller, near } = testSessions(served.serve)
  const next = served.next()
  const unread = caller.open(addressOf(newPid()))
  const sent = send(unread, new Uint8Array(4 * MiB))
  const far = await next
  for (let i = 0; i < 50; i++) {
    const other = served.next()
    const small = caller.open(addressOf(newPid()))
    await send(small, 'quick')
    void echoStream(await other)
    expect(text(await readAll(small))).toBe('quick')
  }
  expect(near.sentBytes).toBeGreaterThan(INITIAL_CREDIT_BYTES)
  expect(near.sentBytes).toBeLessThan(INITIAL_CREDIT_BYTES + SLACK_BYTES)
  expect((await readAll(far)).length).toBe(4 * MiB)
  await sent
})

test('an end may give its calls more credit than they begin with, once they are read past what the door reads', async () => {
  const served = new Served()
  const { caller, near } = testSessions(served.serve, { creditBytes: 2 * MiB })
  const next = served.next()
  const unread = caller.open(addressOf(newPid()))
  void send(unread, new Uint8Array(4 * MiB)).catch(() => undefined)
  const far = await next
  let readBytes = 0
  const readTo = async (bytes: number): Promise<void> => {
    while (readBytes < bytes) readBytes += (await far.read())?.length ?? Infinity
  }
  await readTo(AHEAD_BYTES)
  for (let i = 0; i < 20; i++) await nextTask()
  expect(near.sentBytes).toBeLessThan(INITIAL_CREDIT_BYTES + 2 * AHEAD_BYTES + SLACK_BYTES)
  await readTo(2 * AHEAD_BYTES + 1)
  await expect.poll(() => near.sentBytes, { interval: 1 }).toBeGreaterThan(2 * MiB)
  for (let i = 0; i < 20; i++) await nextTask()
  expect(near.sentBytes).toBeLessThan(2 * MiB + readBytes + SLACK_BYTES)
  unread.abort(new Error('enough'))
})

test('the only call is sent once it is complete, and its reply too, without waiting for a task', async () => {
  const served = new Served()
  const { caller, near, far } = testSessions(served.serve)
  const next = served.next()
  const stream = caller.open(addressOf(newPid()))
  void stream.write(Uint8Array.of(1))
  expect(near.sends).toBe(0)
  void stream.closeWrite()
  expect(near.sends).toBe(1)
  const call = await next
  void call.write(Uint8Array.of(2))
  expect(far.sends).toBe(0)
  void call.close()
  expect(far.sends).toBe(1)
  expect([...(await readAll(stream))]).toEqual([2])
})

test('many small writes that nobody waits for are sent together', async () => {
  const { caller, near } = testSessions((stream) => void echoStream(stream))
  const stream = caller.open(addressOf(newPid()))
  for (let i = 0; i < 1000; i++) void stream.write(Uint8Array.of(i))
  await stream.closeWrite()
  expect((await readAll(stream)).length).toBe(1000)
  expect(near.sends).toBe(1)
})

async function countBytes(stream: Stream): Promise<number> {
  let count = 0
  for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) count += chunk.length
  return count
}
