import { afterEach, expect, test, vi } from 'vitest'
import { setTellsOthers, tellsOthers } from './tells-others.ts'

afterEach(() => {
  setTellsOthers(true)
  vi.unstubAllGlobals()
})

/** Storage as a browser has it. @param fails Which of its functions throw. */
function stub(...fails: ('getItem' | 'setItem' | 'removeItem')[]): Map<string, string> {
  const kept = new Map<string, string>()
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  }
  for (const name of fails) {
    storage[name] = () => {
      throw new DOMException('no', 'SecurityError')
    }
  }
  vi.stubGlobal('localStorage', storage)
  return kept
}

test('the browser keeps the choice', () => {
  const kept = stub()
  expect(tellsOthers()).toBe(true)
  setTellsOthers(false)
  expect([tellsOthers(), kept.size]).toEqual([false, 1])
  setTellsOthers(true)
  expect([tellsOthers(), kept.size]).toEqual([true, 0])
})

test('a choice counts in this page if the storage is blocked', () => {
  stub('getItem', 'setItem', 'removeItem')
  expect(tellsOthers()).toBe(true)
  setTellsOthers(false)
  expect(tellsOthers()).toBe(false)
  setTellsOthers(true)
  expect(tellsOthers()).toBe(true)
})

test('a choice counts in this page if the storage is full', () => {
  stub('setItem')
  setTellsOthers(false)
  expect(tellsOthers()).toBe(false)
})
