import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SpareWorker } from './spare-worker.ts'

/** A worker that only notes its end. */
class Idle {
  static all: Idle[] = []
  isEnded = false
  onerror: (() => void) | undefined

  constructor() {
    Idle.all.push(this)
  }

  terminate(): void {
    this.isEnded = true
  }
}

const spares = (): SpareWorker => new SpareWorker(() => new Idle() as unknown as Worker)
const later = (): void => void vi.advanceTimersByTime(1_000)

beforeEach(() => {
  Idle.all = []
  vi.useFakeTimers()
})
afterEach(() => vi.useRealTimers())

test('a worker is ready some time after the one before was taken, and not beside it', () => {
  const workers = spares()
  workers.take()
  expect(Idle.all).toHaveLength(1)
  later()
  expect(Idle.all).toHaveLength(2)
  expect(workers.take()).toBe(Idle.all[1])
})

test('in a burst the next one is started at once', () => {
  const workers = spares()
  workers.take()
  workers.take()
  expect(Idle.all).toHaveLength(3)
  expect(workers.take()).toBe(Idle.all[2])
  later()
  expect(Idle.all).toHaveLength(4)
})

test('one that failed to load is ended and not handed out, and none is started after the end', () => {
  const workers = spares()
  workers.take()
  later()
  Idle.all[1]?.onerror?.()
  expect(Idle.all[1]?.isEnded).toBe(true)
  expect(workers.take()).toBe(Idle.all[2])
  workers.end()
  later()
  expect(Idle.all).toHaveLength(3)
})

test('a start that fails is tried again by the next one, which reports it', () => {
  let works = true
  const workers = new SpareWorker(() => {
    if (!works) throw new Error('no more workers')
    return new Idle() as unknown as Worker
  })
  workers.take()
  works = false
  later()
  expect(() => workers.take()).toThrow('no more workers')
  works = true
  expect(workers.take()).toBe(Idle.all[1])
})
