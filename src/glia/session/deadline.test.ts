import { expect, test, vi } from 'vitest'
import { newPid } from '../pid.ts'
import { Served, testSessions } from './test-peers.ts'
import { addressOf } from '../test-peer.ts'

// In a file of its own: it counts timers, and sessions of other tests may set timers meanwhile.
test('a deadline ends the call on both sides', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const served = new Served()
    const { caller } = testSessions(served.serve)
    const next = served.next()
    const stream = caller.open(addressOf(newPid()), { deadlineMs: 500.5 })
    const far = await next
    vi.advanceTimersByTime(501)
    await expect(stream.read()).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
    await expect(far.read()).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})
