import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { GatheredWrites } from './gathered-writes.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

function gather() {
  const passed: Uint8Array[] = []
  return { passed, writes: new GatheredWrites((bytes) => passed.push(bytes)) }
}

test('a million writes of a byte are passed on in few pieces, none lost and in order', () => {
  const { passed, writes } = gather()
  for (let i = 0; i < 1_000_000; i++) writes.write(Uint8Array.of(i))
  writes.flush()
  expect(passed.length).toBeLessThan(1100)
  const whole = passed.flatMap((bytes) => [...bytes])
  expect(whole.length).toBe(1_000_000)
  expect(whole.every((byte, i) => byte === i % 256)).toBe(true)
})

test('writes that are not many are passed on as they come', () => {
  const { passed, writes } = gather()
  for (let i = 0; i < 5000; i++) {
    writes.write(Uint8Array.of(1, 2))
    vi.advanceTimersByTime(2)
  }
  expect(passed.length).toBe(5000)
})

test('large ones go as they are, behind what was gathered', () => {
  const { passed, writes } = gather()
  for (let i = 0; i < 1500; i++) writes.write(Uint8Array.of(1))
  writes.write(new Uint8Array(100_000))
  expect(passed.slice(-2).map(({ length }) => length)).toEqual([500, 100_000])
})

test('what is passed on stays as it was', () => {
  const { passed, writes } = gather()
  const source = Uint8Array.of(1)
  writes.write(source)
  source[0] = 2
  writes.write(source)
  expect(passed.map(([byte]) => byte)).toEqual([1, 2])
})
