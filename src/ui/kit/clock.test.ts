import { effect } from '@preact/signals'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { clock } from './clock.ts'

class FakeDocument extends EventTarget {
  hidden = false
  hide(hidden: boolean): void {
    this.hidden = hidden
    this.dispatchEvent(new Event('visibilitychange'))
  }
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('document', new FakeDocument())
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('it ticks only while someone reads it, once for all of them', async () => {
  expect(vi.getTimerCount()).toBe(0)
  const seen: number[] = []
  const stop = [effect(() => void seen.push(clock.value)), effect(() => void clock.value)]
  await vi.advanceTimersByTimeAsync(2000)
  expect(vi.getTimerCount()).toBe(1)
  expect(seen.at(-1)).toBe(Date.now())
  for (const each of stop) each()
  expect(vi.getTimerCount()).toBe(0)
})

test('it stops while the page is hidden, and is right at once when it is seen again', async () => {
  const page = document as unknown as FakeDocument
  const stop = effect(() => void clock.value)
  await vi.advanceTimersByTimeAsync(1000)
  page.hide(true)
  expect(vi.getTimerCount()).toBe(0)
  await vi.advanceTimersByTimeAsync(10_500)
  page.hide(false)
  expect(clock.peek()).toBe(Date.now())
  expect(vi.getTimerCount()).toBe(1)
  stop()
})
