import { expect, test } from 'vitest'
import { addressOf, bytes, echo, makePeer, makeProc, OTHER, SELF, send } from '../test-peer.ts'
import type { Address } from '../address.ts'
import { GliaError } from '../errors.ts'
import { newPid } from '../pid.ts'
import type { Router } from '../router.ts'
import { streamPair } from '../stream/stream-pair.ts'
import { readAll } from '../stream/web-streams.ts'
import { CallTrace } from '../trace/call-trace.ts'
import type { Meter } from './meter.ts'

async function call(router: Router, to: Address, message = 'hello', caller = 'browser'): Promise<void> {
  const stream = router.open(to, { caller })
  void send(stream, message).catch(() => undefined)
  await readAll(stream).catch(() => undefined)
}

function counted({ calls, errors, bytesIn, bytesOut, times }: Meter): object {
  return { calls, errors, bytesIn, bytesOut, timed: times?.reduce((sum, count) => sum + count, 0) ?? 0 }
}

test.each([true, false])(
  'a call counts for its process and for the peer, whether it is recorded: %s',
  async (isRecorded) => {
    const { proc } = makeProc(() => echo)
    const { proc: other } = makeProc(() => echo)
    const { router } = makePeer([proc, other], undefined, isRecorded ? new CallTrace() : undefined)
    await call(router, addressOf(proc))
    await call(router, addressOf(proc))
    await call(router, addressOf(other), '')
    expect(counted(proc.meter)).toEqual({ calls: 2, errors: 0, bytesIn: 10, bytesOut: 10, timed: 2 })
    expect(counted(other.meter)).toEqual({ calls: 1, errors: 0, bytesIn: 0, bytesOut: 0, timed: 1 })
    expect(counted(router.meter)).toEqual({ calls: 3, errors: 0, bytesIn: 10, bytesOut: 10, timed: 3 })
    expect(router.meter.totalMs).toBeCloseTo(proc.meter.totalMs + other.meter.totalMs)
  },
)

test('a failure counts as an error of its process, and has no time', async () => {
  const { proc } = makeProc(() => async () => Promise.reject(new GliaError('ERR_FAILED', 'It failed.')))
  const { router } = makePeer([proc])
  await call(router, addressOf(proc))
  expect(proc.meter).toMatchObject({ calls: 1, errors: 1, times: undefined })
  expect(router.meter).toMatchObject({ calls: 1, errors: 1 })
})

test('each way to be refused is one error', async () => {
  const { proc } = makeProc(() => echo, { policy: { callers: 'browser' } })
  const { router } = makePeer([proc])
  await call(router, addressOf(proc, 'nothing'))
  await call(router, addressOf(proc), 'hi', OTHER)
  expect(proc.meter).toMatchObject({ calls: 2, errors: 2 })
  await call(router, addressOf(newPid()))
  expect(proc.meter).toMatchObject({ calls: 2, errors: 2 })
  expect(router.meter).toMatchObject({ calls: 3, errors: 3 })
})

test('a call to another peer counts for the peer, with the bytes both ways', async () => {
  const { proc } = makeProc(() => echo)
  const { router } = makePeer([proc], async () => {
    const [near, far] = streamPair(addressOf(newPid(), 'run', OTHER), { caller: SELF })
    void (async () => {
      await readAll(far)
      await far.write(bytes('four'))
      await far.closeWrite()
    })()
    return near
  })
  await call(router, addressOf(newPid(), 'run', OTHER))
  // The caller has the reply a moment before the call is over.
  await expect.poll(() => counted(router.meter)).toEqual({ calls: 1, errors: 0, bytesIn: 5, bytesOut: 4, timed: 1 })
  expect(proc.meter.calls).toBe(0)
})

test('bytes count when they pass, not when the call ends', async () => {
  const { proc } = makeProc(() => echo)
  const { router } = makePeer([proc])
  const stream = router.open(addressOf(proc), { caller: 'browser' })
  await stream.write(bytes('abc'))
  await stream.read()
  expect(router.meter).toMatchObject({ calls: 0, bytesIn: 3, bytesOut: 3 })
  await stream.closeWrite()
  await readAll(stream)
  expect(router.meter).toMatchObject({ calls: 1, bytesIn: 3, bytesOut: 3 })
})

test('calls that are one by their key count once', async () => {
  const { proc } = makeProc(() => echo)
  const { router } = makePeer([proc])
  for (let i = 0; i < 2; i++) {
    const stream = router.open(addressOf(proc), { caller: 'browser', key: 'same' })
    void send(stream, 'hi').catch(() => undefined)
    // oxlint-disable-next-line no-await-in-loop -- the second one gets the reply of the first
    await readAll(stream)
  }
  expect(router.meter).toMatchObject({ calls: 1, errors: 0 })
})
