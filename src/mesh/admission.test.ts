import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { newPid } from '../glia/pid.ts'
import type { Stream } from '../glia/stream.ts'
import { streamPair } from '../glia/stream-pair.ts'
import { bytes, OTHER, SELF } from '../glia/test-peer.ts'
import { readAll } from '../glia/web-streams.ts'
import { Admission } from './admission.ts'
import { IDLE_MS, MAX_CALLS_PER_PEER, MAX_DELIVERED_PER_PROCESS } from './limits.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const proc = newPid()

/** A call that has come to the door, and its caller's end. */
function arrive(admission: Admission, { caller = OTHER, to = proc } = {}): Stream {
  const [near, far] = streamPair({ host: SELF, proc: to, method: 'run' }, { caller })
  void admission.admit(far)
  return near
}

async function begin(stream: Stream): Promise<void> {
  await stream.write(bytes('x'))
}

test('a call is let in when its message begins, whole', async () => {
  const served: string[] = []
  const admission = new Admission({
    serve: async (stream) => {
      served.push(new TextDecoder().decode(await readAll(stream)))
      await stream.close()
    },
  })
  const call = arrive(admission)
  await call.write(bytes('hel'))
  await call.write(bytes('lo'))
  await call.closeWrite()
  expect(await call.read()).toBeNull()
  const empty = arrive(admission)
  await empty.closeWrite()
  expect(await empty.read()).toBeNull()
  expect(served).toEqual(['hello', ''])
  await vi.waitFor(() => expect(admission.calls).toBe(0))
})

test('a caller that sends nothing is not let in, and told so', async () => {
  const serve = vi.fn<() => Promise<void>>()
  const call = arrive(new Admission({ serve }))
  const reading = call.read()
  reading.catch(() => undefined)
  await vi.advanceTimersByTimeAsync(IDLE_MS)
  await expect(reading).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
  expect(serve).not.toHaveBeenCalled()
})

test('one peer has few calls in a process at a time; the rest wait, and others go ahead of them', async () => {
  const inside: Stream[] = []
  const admission = new Admission({
    serve: async (stream) => {
      inside.push(stream)
      await readAll(stream)
    },
  })
  const calls = Array.from({ length: 10 }, () => arrive(admission))
  await Promise.all(calls.map(begin))
  await vi.waitFor(() => expect(inside).toHaveLength(MAX_DELIVERED_PER_PROCESS))
  await begin(arrive(admission, { caller: SELF }))
  await begin(arrive(admission, { to: newPid() }))
  await vi.waitFor(() => expect(inside).toHaveLength(MAX_DELIVERED_PER_PROCESS + 2))
  await Promise.all(calls.map((call) => call.closeWrite()))
  await vi.waitFor(() => expect(inside).toHaveLength(12))
})

test('a peer that opens too many is refused the rest, and takes nothing from others', async () => {
  const admission = new Admission({ serve: async (stream) => void (await readAll(stream)) })
  for (let i = 0; i < MAX_CALLS_PER_PEER; i++) arrive(admission)
  await expect(arrive(admission).read()).rejects.toMatchObject({ code: 'ERR_MAILBOX_FULL' })
  expect(admission.calls).toBe(MAX_CALLS_PER_PEER)
  const other = arrive(admission, { caller: SELF })
  expect(other.signal.aborted).toBe(false)
  expect(admission.calls).toBe(MAX_CALLS_PER_PEER + 1)
})

test('a caller that gives up at the door leaves its place', async () => {
  const serve = vi.fn<(stream: Stream) => Promise<void>>(async (stream) => void (await readAll(stream)))
  const admission = new Admission({ serve })
  const calls = Array.from({ length: 5 }, () => arrive(admission))
  await Promise.all(calls.map(begin))
  for (const call of calls) call.abort(new Error('never mind'))
  await vi.waitFor(() => expect(admission.calls).toBe(0))
  const next = arrive(admission)
  await next.closeWrite()
  await vi.waitFor(() => expect(serve).toHaveBeenCalled())
})
