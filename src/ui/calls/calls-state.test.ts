import { signal } from '@preact/signals'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { newPid } from '../../glia/pid.ts'
import { streamPair } from '../../glia/stream/stream-pair.ts'
import { CallTrace } from '../../glia/trace/call-trace.ts'
import type { KeptBlock } from '../../glia/trace/read-calls.ts'
import { SELF } from '../../glia/test-peer.ts'
import { testDom } from '../kit/test-dom.ts'
import type { CallsSource } from '../model.ts'
import { CallsState } from './calls-state.ts'

/** A record of calls, and when it gives those of earlier pages. */
function recordOf(earlier: Promise<readonly KeptBlock[]>) {
  const trace = new CallTrace()
  const source = { trace, earlier: () => earlier, version: signal(0) } as unknown as CallsSource
  return { source, add: () => addTo(trace) }
}

function addTo(trace: CallTrace): void {
  const [, stream] = streamPair({ host: SELF, proc: newPid(), method: 'run' }, { caller: 'browser' })
  trace.end(trace.begin(stream, 'in'))
}

beforeEach(() => {
  testDom()
  vi.useFakeTimers()
})
afterEach(() => void vi.useRealTimers())

test('a list that is paused stays so when its view is left and shown again', async () => {
  const { source, add } = recordOf(Promise.resolve([]))
  const state = new CallsState()
  add()
  const leave = state.follow(source)
  await vi.advanceTimersByTimeAsync(1000)
  expect(state.calls.value).toHaveLength(1)
  state.pause(source, true)
  leave()
  add()
  state.follow(source)
  await vi.advanceTimersByTimeAsync(1000)
  expect(state.calls.value).toHaveLength(1)
  // Each call has its page all the same.
  expect(state.all.value).toHaveLength(2)
  state.pause(source, false)
  expect(state.calls.value).toHaveLength(2)
})

test('calls of earlier visits come into a list that is paused, and no others', async () => {
  const before = new CallTrace()
  addTo(before)
  await vi.advanceTimersByTimeAsync(10)
  const { promise, resolve } = Promise.withResolvers<readonly KeptBlock[]>()
  const { source, add } = recordOf(promise)
  const state = new CallsState()
  state.follow(source)
  state.pause(source, true)
  await vi.advanceTimersByTimeAsync(10)
  add()
  resolve(before.blocks)
  await vi.advanceTimersByTimeAsync(1000)
  expect(state.calls.value).toHaveLength(1)
  expect(state.isWhole.value).toBe(true)
  state.pause(source, false)
  expect(state.calls.value).toHaveLength(2)
})
