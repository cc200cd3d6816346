import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { nextTask } from '../wait/next-task.ts'
import { newPid } from '../pid.ts'
import { Heartbeat } from './heartbeat.ts'
import { echoStream, Served, testSessions } from './test-peers.ts'
import { addressOf, SELF, send } from '../test-peer.ts'
import { readAll } from '../stream/web-streams.ts'

let clock = 0

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  vi.spyOn(performance, 'now').mockImplementation(() => clock)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

function pass(ms: number): void {
  for (let i = 0; i < ms; i++) {
    clock += 1
    vi.advanceTimersByTime(1)
  }
}

function watch(): { heartbeat: Heartbeat; ping: () => void; giveUp: () => void } {
  const ping = vi.fn<() => void>()
  const giveUp = vi.fn<() => void>()
  const heartbeat = new Heartbeat({ pingMs: 3000, silenceMs: 10_000, ping, giveUp })
  heartbeat.start()
  return { heartbeat, ping, giveUp }
}

test('silence is asked about once, and then the end', () => {
  const { ping, giveUp } = watch()
  pass(2999)
  expect(ping).not.toHaveBeenCalled()
  pass(1)
  expect(ping).toHaveBeenCalledOnce()
  pass(6999)
  expect(giveUp).not.toHaveBeenCalled()
  pass(1)
  expect(ping).toHaveBeenCalledOnce()
  expect(giveUp).toHaveBeenCalledOnce()
  expect(vi.getTimerCount()).toBe(0)
})

test('silence counts from the last that was heard', () => {
  const { heartbeat, ping, giveUp } = watch()
  for (let i = 0; i < 10; i++) {
    pass(2900)
    heartbeat.heard()
  }
  expect(ping).not.toHaveBeenCalled()
  pass(4000)
  expect(ping).toHaveBeenCalledOnce()
  heartbeat.heard()
  pass(9999)
  expect(giveUp).not.toHaveBeenCalled()
  pass(1)
  expect(giveUp).toHaveBeenCalledOnce()
})

test('a tab that was frozen asks again before it gives up', () => {
  const { ping, giveUp } = watch()
  pass(3000)
  // Its timers fire when it is thawed.
  clock += 600_000
  vi.advanceTimersToNextTimer()
  pass(6999)
  expect(ping).toHaveBeenCalledTimes(2)
  expect(giveUp).not.toHaveBeenCalled()
  pass(1)
  expect(giveUp).toHaveBeenCalledOnce()
})

test('a peer that is gone fails all calls', async () => {
  const served = new Served()
  const { caller, near, far } = testSessions(served.serve)
  const [first, second] = [served.next(), served.next()]
  const streams = [caller.open(addressOf(newPid())), caller.open(addressOf(newPid()))]
  await Promise.all([first, second])
  near.cut = far.cut = true
  pass(7999)
  await nextTask()
  expect(caller.calls).toBe(2)
  pass(1)
  for (const stream of streams) {
    await expect(stream.read()).rejects.toMatchObject({
      code: 'ERR_UNREACHABLE',
      message: `The peer ${SELF} does not answer any more.`,
    })
  }
  expect(vi.getTimerCount()).toBe(0)
})

test('a peer that has nothing to say for long is there', async () => {
  const served = new Served()
  const { caller } = testSessions(served.serve)
  const next = served.next()
  const stream = caller.open(addressOf(newPid()))
  await send(stream)
  const far = await next
  for (let second = 0; second < 60; second++) {
    pass(1000)
    for (let i = 0; i < 8; i++) await nextTask()
  }
  await far.close()
  expect(await readAll(stream)).toHaveLength(0)
})

test('no timer runs while there are no calls', async () => {
  const { caller, near } = testSessions((stream) => void echoStream(stream))
  expect(vi.getTimerCount()).toBe(0)
  const stream = caller.open(addressOf(newPid()))
  expect(vi.getTimerCount()).toBe(1)
  await send(stream, 'x')
  await readAll(stream)
  expect(vi.getTimerCount()).toBe(0)
  pass(60_000)
  expect(near.sends).toBe(1)
})
