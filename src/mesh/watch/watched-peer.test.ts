import { afterEach, expect, test, vi } from 'vitest'
import { GliaError } from '../../glia/errors.ts'
import { Ends } from '../../glia/process/ends.ts'
import type { ProcessEnd, Watched } from '../../glia/process/told-end.ts'
import { makePolicy } from '../../glia/process/policy.ts'
import { newPid } from '../../glia/pid.ts'
import { testChannels } from '../../glia/session/test-channel.ts'
import { nextTask } from '../../glia/wait/next-task.ts'
import { WATCH_RETRY_MS, WATCH_STEADY_MS } from '../limits.ts'
import { WatchedPeer } from './watched-peer.ts'
import { Watchers } from './watchers.ts'

const MINUTE_MS = 60_000

afterEach(() => {
  vi.useRealTimers()
})

const process: Watched = { policy: makePolicy(), methods: ['run'], state: 'idle', ends: new Ends() }

test('an idle watch sends nothing', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] })
  const [near, far] = testChannels()
  const watchers = new Watchers({ find: () => process })
  watchers.accept(far, 'watcher')
  const peer = new WatchedPeer({ peer: 'watched', open: async () => near, idle: () => undefined })
  const ends: ProcessEnd[] = []
  await peer.add({ pid: newPid(), tell: (end) => ends.push(end) }).settled
  const sent = [near.sends, far.sends]
  await vi.advanceTimersByTimeAsync(60 * MINUTE_MS)
  await nextTask()
  expect([near.sends, far.sends]).toEqual(sent)
  expect(sent).toEqual([1, 1])
  expect(ends).toEqual([])
  peer.stop()
})

test.each([
  ['at once', 0],
  ['after longer than a stream has to last to be steady', WATCH_STEADY_MS + 2_000],
])(
  'a peer is away for an hour, and each try fails %s: it is looked for ever less often, and told of once',
  async (_, ms) => {
    vi.useFakeTimers()
    let attempts = 0
    const open = async (): Promise<never> => {
      attempts += 1
      await new Promise((resolve) => setTimeout(resolve, ms))
      throw new GliaError('ERR_UNREACHABLE', 'It is away.')
    }
    const peer = new WatchedPeer({ peer: 'watched', open, idle: () => undefined })
    const ends: ProcessEnd[] = []
    peer.add({ pid: newPid(), tell: (end) => ends.push(end) })
    await vi.advanceTimersByTimeAsync(60 * MINUTE_MS)
    expect(ends).toMatchObject([{ kind: 'unreachable', final: false }])
    // Each wait is shortened by a third at most.
    expect(attempts).toBeLessThan(20 + (60 * MINUTE_MS * 1.5) / WATCH_RETRY_MS.last)
    peer.stop()
    await vi.advanceTimersByTimeAsync(MINUTE_MS)
    const before = attempts
    await vi.advanceTimersByTimeAsync(60 * MINUTE_MS)
    expect(attempts).toBe(before)
  },
)

test('a new watch of a peer that is lost does not wait for the next try', async () => {
  vi.useFakeTimers()
  let attempts = 0
  const open = async (): Promise<never> => {
    attempts += 1
    throw new GliaError('ERR_UNREACHABLE', 'It is away.')
  }
  const peer = new WatchedPeer({ peer: 'watched', open, idle: () => undefined })
  peer.add({ pid: newPid(), tell: () => undefined })
  await vi.advanceTimersByTimeAsync(60 * MINUTE_MS)
  const before = attempts
  peer.add({ pid: newPid(), tell: () => undefined })
  await vi.advanceTimersByTimeAsync(0)
  expect(attempts).toBe(before + 1)
  peer.stop()
})

test('a watcher that does not read is thrown out, and costs so much memory and no more', async () => {
  const [near, far] = testChannels({ capacityBytes: 100 })
  // Nothing that is sent arrives, and the channel never has room again.
  far.cut = true
  const watchers = new Watchers({ find: () => process })
  watchers.accept(far, 'watcher')
  near.send(new TextEncoder().encode(`{"type":"watch","id":1,"pid":"${newPid()}"}\n`))
  await vi.waitUntil(() => watchers.watches === 1)
  far.send = () => false
  for (let i = 0; i < 1_100; i++) process.ends.add({ at: i, reason: { type: 'exited', code: i }, final: false })
  expect(far.closedWith).toMatchObject({ code: 'ERR_RESET' })
  expect(watchers.watches).toBe(0)
})
